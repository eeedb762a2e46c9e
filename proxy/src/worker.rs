//! A worker: one thread with its own runtime, sockets, buffers and upstream connections.
//!
//! Workers share the balancer's state and the counters, nothing else, so a request costs no
//! hand-over between threads.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora::protocols::Stream;
use pingora::protocols::l4::stream::Stream as TransportStream;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::access_log::Pending;
use crate::buffer::Buffers;
use crate::client::Client;
use crate::clock::Clock;
use crate::edge::{Counted, Edge};
use crate::exchange::{self, After, Compressors};
use crate::listen::Order;
use crate::pool::Pool;

/// What the connections of one worker use.
pub(crate) struct Worker {
    /// What all workers share.
    pub(crate) edge: Arc<Edge>,
    /// Spare buffers.
    pub(crate) buffers: Buffers,
    /// Spare compressors.
    pub(crate) compressors: Compressors,
    /// The time as text.
    pub(crate) clock: Clock,
    /// Idle connections to servers.
    pub(crate) pool: Pool,
    /// Log lines not yet written.
    pub(crate) log: Pending,
}

/// How often log lines are written and idle connections looked through.
const TICK: Duration = Duration::from_millis(250);

impl Worker {
    /// A worker that serves nothing yet.
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        Self {
            edge,
            buffers: Buffers::default(),
            compressors: Compressors::default(),
            clock: Clock::default(),
            pool: Pool::new(),
            log: Pending::default(),
        }
    }

    /// Carries out orders, and keeps the house in order between them.
    async fn run(self: Arc<Self>, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut listening: HashMap<SocketAddr, JoinHandle<()>> = HashMap::new();
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Listen(address, socket)) => match TcpListener::from_std(socket) {
                        Ok(listener) => {
                            let task = tokio::spawn(accept(Arc::clone(&self), listener));
                            listening.insert(address, task);
                        }
                        Err(error) => tracing::error!(%address, %error, "cannot listen"),
                    },
                    Some(Order::Close(address)) => {
                        if let Some(task) = listening.remove(&address) {
                            task.abort();
                        }
                    }
                    Some(Order::Flush(done)) => {
                        self.log.flush(&self.edge.metrics.log_lost);
                        // Nobody waits any more if the control has ended meanwhile.
                        done.send(()).unwrap_or_default();
                    }
                    None => return,
                },
                _ = tick.tick() => {
                    self.log.flush(&self.edge.metrics.log_lost);
                    self.pool.sweep(Instant::now());
                }
            }
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

#[expect(clippy::infinite_loop, reason = "it ends when its task is aborted")]
async fn accept(worker: Arc<Worker>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(serve(Arc::clone(&worker), stream, peer));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: it helps nobody to ask again at once.
                tracing::error!(%error, "connections cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// accept(2): errors of the connection that was to be accepted, not of the socket.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

/// Serves one connection to its end.
async fn serve(worker: Arc<Worker>, stream: TcpStream, peer: SocketAddr) {
    // Answers go out as they are written, however small (tcp_nodelay).
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let stream: Stream = Box::new(TransportStream::from(stream));
    let mut client = Client::new(stream, peer);
    let mut counted = Counted::new(&worker.edge);
    let mut leave = pin!(worker.edge.leave.notified());
    leave.as_mut().enable();
    let mut first = true;
    while first || !worker.edge.is_draining() {
        let received = client.next(&worker.buffers, leave.as_mut(), first).await;
        counted.begin();
        let after = match received {
            // Boxed, because what an exchange keeps across its waits is much larger than what an
            // idle connection does, and a task is as large as its largest state.
            Ok(received) => Box::pin(exchange::serve(&worker, &mut client, received)).await,
            Err(error) => Box::pin(exchange::serve_no_request(&worker, &mut client, error)).await,
        };
        counted.end();
        first = false;
        match after {
            After::Next => {}
            After::Close => return,
            After::Finish if !client.has_sent_ahead() => return,
            After::Finish | After::Linger => break,
        }
    }
    Box::pin(client.linger(&worker.buffers)).await;
}

/// A worker as the server runs it.
#[derive(Debug)]
pub(crate) struct WorkerService {
    name: String,
    start: Option<(Arc<Edge>, mpsc::UnboundedReceiver<Order>)>,
}

impl WorkerService {
    /// Worker number `index`.
    pub(crate) fn new(
        index: usize,
        edge: Arc<Edge>,
        orders: mpsc::UnboundedReceiver<Order>,
    ) -> Self {
        Self {
            name: format!("worker {index}"),
            start: Some((edge, orders)),
        }
    }
}

#[async_trait]
impl Service for WorkerService {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        if let Some((edge, orders)) = self.start.take() {
            Arc::new(Worker::new(edge)).run(orders).await;
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }
}
