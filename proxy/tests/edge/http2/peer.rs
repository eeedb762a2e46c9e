//! The other side of the edge: a client and a server of HTTP/2.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Runs a test, not for ever.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let bounded = tokio::time::timeout(Duration::from_secs(30), test);
        bounded.await.expect("the test ends in time")
    })
}

/// A response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A client's connection.
pub(super) struct Client {
    pub(super) sender: SendRequest<Bytes>,
    /// How the connection ends.
    pub(super) connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    pub(super) async fn new(address: SocketAddr) -> Self {
        Self::with_window(address, 65_535).await
    }

    /// One that lets each stream send so much.
    pub(super) async fn with_window(address: SocketAddr, window: u32) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut builder = Builder::new();
        builder.initial_window_size(window);
        let (sender, connection) = builder.handshake(stream).await.unwrap();
        Self {
            sender,
            connection: tokio::spawn(connection),
        }
    }

    /// Asks, and waits for the whole answer.
    pub(super) async fn ask(
        &self,
        request: http::request::Builder,
        body: &[u8],
    ) -> Result<Reply, h2::Error> {
        let request = request.body(()).unwrap();
        let mut sender = self.sender.clone().ready().await?;
        let (response, stream) = sender.send_request(request, body.is_empty())?;
        let sending = async {
            if !body.is_empty() {
                send_all(stream, body).await;
            }
        };
        let receiving = async {
            let (head, body) = response.await?.into_parts();
            Ok(Reply {
                status: head.status.as_u16(),
                headers: head.headers,
                body: read_all(body).await?,
            })
        };
        tokio::join!(receiving, sending).0
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.ask(get(path), b"").await.unwrap()
    }
}

pub(super) fn get(path: &str) -> http::request::Builder {
    Request::get(format!("http://test{path}"))
}

pub(super) fn post(path: &str) -> http::request::Builder {
    Request::post(format!("http://test{path}"))
}

/// Sends as the receiver takes it, as far as it does.
pub(super) async fn send_all(mut stream: SendStream<Bytes>, mut body: &[u8]) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let capacity = std::future::poll_fn(|cx| match stream.capacity() {
            0 => stream.poll_capacity(cx),
            _ => std::task::Poll::Ready(Some(Ok(0))),
        });
        let Some(Ok(_)) = capacity.await else { return };
        let (piece, rest) = body.split_at(stream.capacity().min(body.len()));
        body = rest;
        if stream
            .send_data(Bytes::copy_from_slice(piece), rest.is_empty())
            .is_err()
        {
            return;
        }
    }
}

pub(super) async fn read_all(mut body: RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        all.extend_from_slice(&data);
    }
    Ok(all)
}

/// What a server has seen of a request, and how it answers.
pub(super) struct Asked {
    pub(super) head: http::request::Parts,
    pub(super) body: RecvStream,
    pub(super) respond: SendResponse<Bytes>,
}

impl Asked {
    /// Answers with `text`, its length said.
    pub(super) fn say(mut self, text: &str) {
        let head = Response::builder().header("content-length", text.len());
        let head = head.body(()).unwrap();
        let mut stream = self.respond.send_response(head, text.is_empty()).unwrap();
        if !text.is_empty() {
            stream
                .send_data(Bytes::copy_from_slice(text.as_bytes()), true)
                .unwrap();
        }
    }

    pub(super) fn reset(mut self, reason: Reason) {
        self.respond.send_reset(reason);
    }
}

/// A server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One on a thread of its own that leaves each request to `answer`.
    pub(super) fn start<F: Future<Output = ()> + Send + 'static>(
        streams: u32,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Self {
        Self::start_over(None, streams, answer)
    }

    /// One that says whether it takes extended CONNECT (RFC 8441 §3).
    pub(super) fn start_with<F: Future<Output = ()> + Send + 'static>(
        connect: bool,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Self {
        let mut builder = h2::server::Builder::new();
        if connect {
            builder.enable_connect_protocol();
        }
        Self::start_as(None, builder, answer)
    }

    /// The same, over TLS.
    pub(super) fn start_over<F: Future<Output = ()> + Send + 'static>(
        tls: Option<ServerConfig>,
        streams: u32,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Self {
        let mut builder = h2::server::Builder::new();
        builder.max_concurrent_streams(streams);
        Self::start_as(tls, builder, answer)
    }

    fn start_as<F: Future<Output = ()> + Send + 'static>(
        tls: Option<ServerConfig>,
        builder: h2::server::Builder,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Self {
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (bound, address) = std::sync::mpsc::channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(AtomicUsize::new(0));
        let paths: Arc<Mutex<Vec<String>>> = Arc::default();
        let (count, now, seen) = (
            Arc::clone(&connections),
            Arc::clone(&open),
            Arc::clone(&paths),
        );
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                let answer = Arc::new(answer);
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                    let (now, tls) = (Arc::clone(&now), tls.clone());
                    let builder = builder.clone();
                    tokio::spawn(async move {
                        now.fetch_add(1, Ordering::SeqCst);
                        if let Some(tls) = tls {
                            let stream = tls.accept(stream).await.unwrap();
                            serve(stream, builder, answer, seen).await;
                        } else {
                            serve(stream, builder, answer, seen).await;
                        }
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
        });
        Self {
            address: address.recv().unwrap(),
            connections,
            open,
            paths,
        }
    }

    pub(super) fn saying(text: &'static str) -> Self {
        Self::start(100, move |asked| async move { asked.say(text) })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

/// One connection to a server.
async fn serve<F: Future<Output = ()> + Send + 'static>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    builder: h2::server::Builder,
    answer: Arc<impl Fn(Asked) -> F + Send + Sync + 'static>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let Ok(mut connection) = builder.handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (head, body) = request.into_parts();
        seen.lock().unwrap().push(head.uri.path().to_owned());
        tokio::spawn(answer(Asked {
            head,
            body,
            respond,
        }));
    }
}
