//! What a worker does: carry out orders, accept connections, serve each to its end.

use std::collections::HashMap;
use std::future::{Future, poll_fn, ready};
use std::os::unix::net::UnixListener;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::stream::Stream;
use async_trait::async_trait;
use edge_core::address::{Address, Peer};
use edge_core::config::Listener;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::admission::{Counted, Place};
use crate::client::{Client, First, Insecure, Next, NoIntroduction, Origin};
use crate::edge::{Edge, Occupied};
use crate::exchange::{self, After, Served};
use crate::http2;
use crate::listen::{Acceptor, Listening, Order};
use crate::tls::ServerTls;
use crate::worker::Worker;

/// How often log lines are written and idle connections looked through.
const TICK: Duration = Duration::from_millis(250);

/// How long a connection that was accepted while the edge stops has to say something.
const LATE: Duration = Duration::from_secs(1);

/// Carries out orders, and keeps the house in order between them.
async fn run(worker: Arc<Worker>, mut orders: mpsc::UnboundedReceiver<Order>) {
    // What holds for new connections; dropping an address's sender ends its listening.
    let mut listening: HashMap<Address, watch::Sender<Arc<Listener>>> = HashMap::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Listen(listener, sockets)) => {
                    let address = listener.address.clone();
                    listening.insert(address, listen(&worker, listener, sockets));
                }
                Some(Order::Change(listener)) => {
                    if let Some(sender) = listening.get(&listener.address) {
                        sender.send_replace(Arc::new(listener));
                    }
                }
                Some(Order::Close(address)) => drop(listening.remove(&address)),
                Some(Order::Flush) => worker.log.flush(),
                // Nobody waits any more if the control has ended meanwhile.
                Some(Order::Report(done)) => done.send(()).unwrap_or_default(),
                Some(Order::Echo(socket)) => drop(tokio::spawn(echo(socket))),
                None => return,
            },
            _ = tick.tick() => {
                worker.log.flush();
                let snapshot = worker.edge.live.load();
                worker.pool.sweep(Instant::now(), &snapshot.transports);
                worker.http2.sweep(Instant::now(), &snapshot.transports);
            }
        }
    }
}

/// Accepts connections on each of the sockets until the answer is dropped.
fn listen(
    worker: &Arc<Worker>,
    listener: Listener,
    sockets: Vec<Listening>,
) -> watch::Sender<Arc<Listener>> {
    let (sender, settings) = watch::channel(Arc::new(listener));
    for socket in sockets {
        match Acceptor::try_from(socket) {
            Ok(acceptor) => {
                let here = worker.edge.occupied(&settings.borrow().address);
                let accepting = Accepting::new(Arc::clone(&worker.edge), here);
                tokio::spawn(accept(
                    Arc::clone(worker),
                    acceptor,
                    settings.clone(),
                    accepting,
                ));
            }
            Err(error) => {
                let address = &settings.borrow().address;
                tracing::error!(%address, %error, "cannot listen");
            }
        }
    }
    sender
}

/// Sends one byte of one connection back; whoever waits for it finds out if that fails.
async fn echo(socket: UnixListener) -> std::io::Result<()> {
    let acceptor = Acceptor::try_from(Listening::Unix(socket))?;
    let (mut stream, _) = poll_fn(|cx| acceptor.poll_accept(cx)).await?;
    let byte = stream.read_u8().await?;
    stream.write_u8(byte).await
}

/// Accepts connections until the sender of `settings` is dropped, and then those that the kernel
/// has already answered for us: closing the socket over them would reset them.
async fn accept(
    worker: Arc<Worker>,
    acceptor: Acceptor,
    mut settings: watch::Receiver<Arc<Listener>>,
    accepting: Accepting,
) {
    let mut open = true;
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = poll_fn(|cx| acceptor.poll_accept(cx)) => accepted,
            changed = settings.changed(), if open => {
                open = changed.is_ok();
                continue;
            }
            () = ready(()), if !open => return,
        };
        match accepted {
            Ok((stream, from)) => {
                let listener = Arc::clone(&settings.borrow());
                // Before anybody could believe that there is none left.
                let before = worker.edge.opened();
                let counts = (Arc::clone(&accepting.here), before);
                tokio::spawn(serve(Arc::clone(&worker), listener, stream, from, counts));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: it helps nobody to ask again at once.
                tracing::error!(%error, "connections cannot be accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// A socket that connections are accepted on, counted until they no longer are.
struct Accepting {
    edge: Arc<Edge>,
    /// The connections of its listener.
    here: Arc<Occupied>,
}

impl Accepting {
    fn new(edge: Arc<Edge>, here: Arc<Occupied>) -> Self {
        edge.accepts();
        Self { edge, here }
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.edge.accepts_no_more();
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
async fn serve(
    worker: Arc<Worker>,
    listener: Arc<Listener>,
    stream: Stream,
    from: (Peer, u16),
    (here, before): (Arc<Occupied>, usize),
) {
    let edge = &worker.edge;
    let terms = Arc::clone(&edge.live.load().config.client);
    let mut counted = match Counted::new(edge, here, before, terms.max_connections) {
        Ok(counted) => counted,
        Err(refused) => return edge.metrics.refused.inc(refused),
    };
    let mut client = Client::new(stream, origin(edge, &listener, from), terms);
    let mut told = pin!(edge.leave.notified());
    told.as_mut().enable();
    // Who connected in the moment of the stop was not told, and may be about to ask.
    let mut late = edge.is_draining().then(|| Box::pin(sleep(LATE)));
    let mut leave = poll_fn(|cx| match &mut late {
        None => told.as_mut().poll(cx),
        Some(late) => late.as_mut().poll(cx),
    });
    let mut leave = Pin::new(&mut leave);
    // HTTP/1 has no word for an end that is near but in an answer, so there may be time for one more.
    let mut longer = None;
    let mut leave_idle = poll_fn(|cx| {
        if leave.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        match edge.idle_time() {
            Duration::ZERO => Poll::Ready(()),
            idle => longer
                .get_or_insert_with(|| Box::pin(sleep(idle)))
                .as_mut()
                .poll(cx),
        }
    });
    let mut leave_idle = Pin::new(&mut leave_idle);
    if let Some(by) = &listener.proxy_protocol {
        let introduced = client.be_introduced(by, &worker.buffers, leave_idle.as_mut());
        match Box::pin(introduced).await {
            Ok(()) => {}
            Err(NoIntroduction::Ended) => return,
            Err(NoIntroduction::Refused(refused)) => return edge.metrics.refused.inc(refused),
        }
    }
    let (tls, mut http2) = (edge.live.load().tls(&listener.address), listener.http2);
    drop(listener);
    let _place = match Place::take(edge, client.peer, client.most_of_one_address()) {
        Ok(place) => place,
        Err(refused) => return edge.metrics.refused.inc(refused),
    };
    if let Some(tls) = tls {
        // Boxed, because a handshake is much larger than what comes after it.
        match Box::pin(secure(&worker, client, &tls, leave_idle.as_mut())).await {
            Some(secured) => client = secured,
            None => return,
        }
        http2 = client.secure.as_ref().is_some_and(|tls| tls.alpn == "h2");
    }
    let first = converse(&worker, &mut client, &mut counted, leave_idle, http2).await;
    if let Some(first) = first {
        Box::pin(http2::serve(&worker, client, first, &mut counted, leave)).await;
    }
}

/// Where a connection comes from that was just accepted.
fn origin(edge: &Edge, listener: &Arc<Listener>, (peer, port): (Peer, u16)) -> Origin {
    Origin {
        listener: Arc::clone(listener),
        peer,
        port,
        destination: None,
        number: edge.next_connection(),
        http2: false,
        secure: None,
    }
}

/// Agrees on TLS with a client; if that fails, nothing is left of it.
async fn secure(
    worker: &Worker,
    client: Client,
    tls: &ServerTls,
    leave: Pin<&mut impl Future<Output = ()>>,
) -> Option<Client> {
    let metrics = &worker.edge.metrics.tls;
    match client.begin_tls(tls, &worker.buffers, leave).await {
        Ok(client) => {
            if let Some(session) = &client.secure {
                metrics.agreed(session);
            }
            return Some(client);
        }
        Err(Insecure::Ended) => {}
        Err(Insecure::Failed(cause)) => metrics.failed(cause),
        Err(Insecure::Plain(mut client, first)) => {
            metrics.failed("plain_http");
            exchange::refuse_plain(worker, &mut client, first).await;
            client.linger(&worker.buffers).await;
        }
    }
    None
}

/// Answers requests as they come. Where the first word is the preface of `http2`, and that may be
/// spoken, it is left for who speaks it.
async fn converse(
    worker: &Worker,
    client: &mut Client,
    counted: &mut Counted<'_>,
    mut leave: Pin<&mut impl Future<Output = ()>>,
    mut http2: bool,
) -> Option<First> {
    loop {
        let next = client.next(Duration::MAX, &worker.buffers, leave.as_mut());
        let Next::First(mut first) = next.await else {
            client.part().await;
            return None;
        };
        if http2 && http2::is_preface(client, &mut first).await {
            return Some(first);
        }
        http2 = false;
        // Boxed, because what an exchange keeps across its waits is much larger than what an idle
        // connection does, and a task is as large as its largest state.
        let busy = answer_in_turn(worker, client, counted, leave.as_mut(), first);
        // The box is empty before a tunnel begins, which may last for days.
        let served = Box::pin(busy).await;
        match served {
            Served::Over(After::Next) => {}
            Served::Over(After::Close) => return None,
            Served::Over(After::Finish) if !client.has_sent_ahead() => {
                client.part().await;
                return None;
            }
            Served::Over(After::Finish | After::Linger) => break,
            Served::Tunnel(tunnel) => {
                Box::pin(tunnel.run(worker, client)).await;
                return None;
            }
        }
    }
    Box::pin(client.linger(&worker.buffers)).await;
    None
}

/// How long a connection without a request keeps the memory that the last one needed: longer than a
/// busy client takes for its next.
const WARM: Duration = Duration::from_secs(1);

/// Answers one request after the other for as long as the client is busy.
async fn answer_in_turn(
    worker: &Worker,
    client: &mut Client,
    counted: &mut Counted<'_>,
    mut leave: Pin<&mut impl Future<Output = ()>>,
    mut first: First,
) -> Served {
    loop {
        counted.begin();
        let after = match exchange::serve(worker, client, first).await {
            Served::Over(after) => after,
            // The request is still under way.
            tunnel @ Served::Tunnel(_) => return tunnel,
        };
        counted.end();
        match after {
            // With time for one more, the client was told that it may ask again.
            After::Next if worker.edge.is_draining() && worker.edge.idle_time().is_zero() => {
                return Served::Over(After::Linger);
            }
            // Many connections carry one request only.
            After::Next if client.requests() == 1 => return Served::Over(after),
            After::Next => {}
            After::Close | After::Finish | After::Linger => return Served::Over(after),
        }
        let next = client.next(WARM, &worker.buffers, leave.as_mut());
        first = match next.await {
            Next::First(first) => first,
            Next::Idle => return Served::Over(After::Next),
            Next::Ended => return Served::Over(After::Finish),
        };
    }
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
            run(Arc::new(Worker::new(edge)), orders).await;
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }
}
