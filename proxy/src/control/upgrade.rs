//! Another process takes this one's place, or this one takes another's.

use std::io;
use std::os::fd::AsFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use daemon::lifecycle::{self, PidFile, Signals};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::Control;
use crate::buffer::lock;
use crate::handover::{Descriptor, Error, Manifest, Predecessor, Successor};
use crate::listen::Order;

/// How far this process is from being, or no longer being, the one that is found.
#[derive(Debug)]
pub(super) enum Phase {
    /// It takes another's place, which still is the one.
    Arriving,
    /// It is the one.
    Serving,
    /// Another is being prepared to take its place.
    Upgrading(AbortHandle),
    /// Another has taken its place, and this process finishes what it has begun.
    Left(Option<Successor>),
}

/// How long workers may take to show that they accept connections.
const PROOF: Duration = Duration::from_secs(10);

/// Idle connections of HTTP/1 are closed after this time, so that a client which sends a request at
/// the moment of an upgrade gets its answer here, and the word to connect anew; but not later than
/// half of the time that all has.
const IDLE: Duration = Duration::from_secs(5);

impl Control {
    /// Why nothing can be changed at the moment, if so.
    pub(super) fn refusal(&self) -> Result<(), String> {
        let reason = match &*lock(&self.phase) {
            Phase::Arriving => "this process is still taking over from another",
            Phase::Left(_) => "another process has taken over from this one",
            Phase::Upgrading(task) if !task.is_finished() => "a binary upgrade is under way",
            Phase::Serving | Phase::Upgrading(_) if self.edge.is_draining() => {
                "this process is about to end"
            }
            Phase::Serving | Phase::Upgrading(_) => return Ok(()),
        };
        Err(reason.to_owned())
    }

    /// Whether another process has taken over.
    pub(super) fn has_left(&self) -> bool {
        matches!(*lock(&self.phase), Phase::Left(_))
    }

    /// Has a new process take this one's place, or leaves everything as it is and says why. The
    /// answer is the new process's id.
    pub(super) async fn upgrade(self: &Arc<Self>) -> Result<u32, String> {
        self.refusal()
            .inspect_err(|reason| tracing::error!("no upgrade: {reason}"))?;
        // A task of its own, because who asked for it may not wait for the end.
        let control = Arc::clone(self);
        let task = tokio::spawn(async move { control.hand_over().await });
        *lock(&self.phase) = Phase::Upgrading(task.abort_handle());
        let given_up = |_| Err("the edge was told to end meanwhile".to_owned());
        task.await.unwrap_or_else(given_up)
    }

    /// Ends an upgrade that is under way, and the process that was to take over.
    pub(super) fn give_up_upgrade(&self) {
        if let Phase::Upgrading(task) = &*lock(&self.phase) {
            task.abort();
        }
    }

    async fn hand_over(&self) -> Result<u32, String> {
        tracing::info!(binary = %self.binary.path.display(), "starting the process that is to take over");
        let handed_over = self.try_hand_over().await;
        let upgrades = &self.edge.metrics.upgrades;
        match handed_over {
            Ok(successor) => {
                let id = successor.id;
                upgrades.with_label_values(&["success"]).inc();
                tracing::info!(process = id, "the new process has taken over");
                *lock(&self.phase) = Phase::Left(Some(successor));
                self.left.notify_one();
                Ok(id)
            }
            Err(error) => {
                upgrades.with_label_values(&["failure"]).inc();
                tracing::error!("the upgrade failed, this process goes on\n{error}");
                *lock(&self.phase) = Phase::Serving;
                Err(error.to_string())
            }
        }
    }

    async fn try_hand_over(&self) -> Result<Successor, Error> {
        // No reload meanwhile.
        let _watches = self.watches.lock().await;
        let stdin = io::stdin();
        let stdin = stdin.as_fd();
        let mut descriptors = vec![Descriptor::Stdin];
        let mut borrowed = vec![stdin];
        let own = self.open.sockets()?;
        let managed = lock(&self.inherited).kept()?;
        for (sockets, service_manager) in [(&own, false), (&managed, true)] {
            for (address, socket) in sockets {
                descriptors.push(Descriptor::Socket {
                    address: address.to_string(),
                    service_manager,
                });
                borrowed.push(socket.as_fd());
            }
        }
        let patience = self.edge.live.load().config.server.upgrade_timeout;
        let mut successor = Successor::start(&self.binary)?;
        let manifest = self.manifest(descriptors);
        let kept = successor.prepare(&manifest, &borrowed, patience).await?;
        // From here on the files of Unix sockets are the other's, whatever becomes of this process.
        self.open.set_ours(&kept, false);
        if let Err(error) = successor.take_over().await {
            self.open.set_ours(&kept, true);
            return Err(error);
        }
        lifecycle::successor(successor.id);
        successor.dismiss().await;
        Ok(successor)
    }

    fn manifest(&self, descriptors: Vec<Descriptor>) -> Manifest {
        let now = Instant::now();
        let snapshot = self.edge.live.load();
        let memory = snapshot
            .upstreams
            .iter()
            .map(|upstream| upstream.servers.memory(now));
        Manifest::new(
            descriptors,
            self.edge.live.state().generation,
            self.edge.metrics.upgrades(),
            memory.collect(),
        )
    }

    /// Takes the place of `predecessor`: shows that this process serves, and waits to be the one. What
    /// it has accepted until then is answered even if that does not come to be.
    pub(super) async fn take_over(
        &self,
        predecessor: &Predecessor,
    ) -> Result<Option<PidFile>, Error> {
        let proven = match timeout(PROOF, self.prove()).await {
            Ok(proven) => proven,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let taking = match proven {
            Ok(()) => predecessor.ready(self.open.taken_over()).await,
            Err(error) => {
                let reason = format!("its workers do not accept connections: {error}");
                predecessor.refuse(&reason);
                Err(Error::Failed(reason))
            }
        };
        let taking = match taking {
            Ok(taking) => taking,
            Err(error) => {
                self.drain(Duration::ZERO).await;
                return Err(error);
            }
        };
        // There is no way back from here, so what goes wrong is only said.
        let pid_file = self.write_pid_file().unwrap_or_else(|error| {
            tracing::error!(%error, "the pid file cannot be written");
            None
        });
        self.publish();
        *lock(&self.phase) = Phase::Serving;
        taking.serving().await;
        tracing::info!("taken over from the process before this one");
        Ok(pid_file)
    }

    /// Has every worker accept a connection of this process's own and answer on it.
    async fn prove(&self) -> io::Result<()> {
        for (index, worker) in self.edge.workers.iter().enumerate() {
            let name = format!("hifate-edge/{}/{index}", std::process::id());
            let address = SocketAddr::from_abstract_name(name)?;
            let listener = UnixListener::bind_addr(&address)?;
            listener.set_nonblocking(true)?;
            // Orders are carried out one after the other: those to listen come before this one.
            let ended = |_| io::Error::other("a worker has ended");
            worker.send(Order::Echo(listener)).map_err(ended)?;
            let stream = UnixStream::connect_addr(&address)?;
            stream.set_nonblocking(true)?;
            let mut stream = tokio::net::UnixStream::from_std(stream)?;
            stream.write_all(&[1]).await?;
            stream.read_exact(&mut [0]).await?;
        }
        Ok(())
    }

    /// Finishes what was begun here, after another process has taken over.
    pub(super) async fn leave(&self, signals: &mut Signals) {
        self.watches.lock().await.abort_all();
        // What only this would still hold, nobody accepts from.
        self.open.clear();
        let whole = self.edge.live.load().config.server.graceful_timeout;
        tokio::select! {
            () = self.drain(IDLE.min(whole / 2)) => {}
            _ = signals.stop() => {}
        }
    }

    /// Goes on for as long as the process that has taken over: whoever started this one waits for its
    /// end, and passes signals on to that one.
    pub(super) async fn stand_in(&self, mut signals: Signals) {
        let successor = match &mut *lock(&self.phase) {
            Phase::Left(successor) => successor.take(),
            Phase::Arriving | Phase::Serving | Phase::Upgrading(_) => None,
        };
        let Some(mut successor) = successor else {
            return;
        };
        loop {
            tokio::select! {
                ended = successor.wait() => {
                    if !ended.is_ok_and(|status| status.success()) {
                        self.edge.fail("the process that had taken over has failed".to_owned());
                    }
                    return;
                }
                signal = signals.next() => lifecycle::pass_on(signal, successor.id),
            }
        }
    }
}
