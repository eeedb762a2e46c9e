//! What a worker does: carry out orders, accept connections, serve each to its end.

use std::collections::HashMap;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora::protocols::Stream;
use pingora::protocols::l4::stream::Stream as TransportStream;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::client::Client;
use crate::edge::{Counted, Edge};
use crate::exchange::{self, After};
use crate::listen::Order;
use crate::worker::Worker;

/// How often log lines are written and idle connections looked through.
const TICK: Duration = Duration::from_millis(250);

/// Carries out orders, and keeps the house in order between them.
async fn run(worker: Arc<Worker>, mut orders: mpsc::UnboundedReceiver<Order>) {
    // Dropping an address's sender ends its listening.
    let mut listening: HashMap<SocketAddr, oneshot::Sender<()>> = HashMap::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Listen(address, socket)) => match TcpListener::from_std(socket) {
                    Ok(listener) => {
                        let (keep, close) = oneshot::channel();
                        tokio::spawn(accept(Arc::clone(&worker), listener, close));
                        listening.insert(address, keep);
                    }
                    Err(error) => tracing::error!(%address, %error, "cannot listen"),
                },
                Some(Order::Close(address)) => drop(listening.remove(&address)),
                Some(Order::Flush(done)) => {
                    worker.log.flush();
                    // Nobody waits any more if the control has ended meanwhile.
                    done.send(()).unwrap_or_default();
                }
                None => return,
            },
            _ = tick.tick() => {
                worker.log.flush();
                worker.pool.sweep(Instant::now());
            }
        }
    }
}

/// Accepts connections until `close` says otherwise, and then those that the kernel has already
/// answered for us: closing the socket over them would reset them.
async fn accept(worker: Arc<Worker>, listener: TcpListener, mut close: oneshot::Receiver<()>) {
    let mut closing = false;
    loop {
        let accepted = poll_fn(|cx| {
            closing = closing || Pin::new(&mut close).poll(cx).is_ready();
            match listener.poll_accept(cx) {
                Poll::Ready(accepted) => Poll::Ready(Some(accepted)),
                Poll::Pending if closing => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        match accepted.await {
            None => return,
            Some(Ok((stream, peer))) => {
                tokio::spawn(serve(Arc::clone(&worker), stream, peer));
            }
            Some(Err(error)) if is_of_one_connection(&error) => {}
            Some(Err(error)) => {
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
    let mut client = Client::new(stream, peer, worker.edge.next_connection());
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
