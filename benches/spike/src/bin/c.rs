//! Candidate C: hyper's HTTP/1 codec on both sides, one thread, its own pool of senders.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use http::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Proxy {
    origin: SocketAddr,
    /// Connections to the origin; those that are ready are idle.
    pool: RefCell<Vec<SendRequest<Incoming>>>,
}

impl Proxy {
    async fn sender(&self) -> Result<SendRequest<Incoming>, Failure> {
        {
            let mut pool = self.pool.borrow_mut();
            pool.retain(|sender| !sender.is_closed());
            if let Some(index) = pool.iter().rposition(SendRequest::is_ready) {
                return Ok(pool.swap_remove(index));
            }
        }
        let stream = TcpStream::connect(self.origin).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        spawn_local(connection);
        Ok(sender)
    }

    async fn exchange(
        &self,
        mut request: Request<Incoming>,
        client: IpAddr,
    ) -> Result<Response<Incoming>, Failure> {
        let client = client.to_string();
        let headers = request.headers_mut();
        headers.remove(CONNECTION);
        let before = headers.get(&FORWARDED_FOR).map(HeaderValue::as_bytes);
        let value = spike::forwarded_for(before, &client);
        headers.insert(FORWARDED_FOR, HeaderValue::from_bytes(&value)?);
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
        headers.insert(REAL_IP, HeaderValue::from_str(&client)?);
        let mut sender = self.sender().await?;
        let mut response = sender.send_request(request).await?;
        let mut pool = self.pool.borrow_mut();
        if pool.len() < spike::KEEPALIVE {
            pool.push(sender);
        }
        response.headers_mut().remove(CONNECTION);
        Ok(response)
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

async fn serve(listener: TcpListener, proxy: Rc<Proxy>) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let proxy = Rc::clone(&proxy);
        spawn_local(async move {
            let service = service_fn(|request| proxy.exchange(request, peer.ip()));
            drop(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

fn main() -> io::Result<()> {
    let (listen, origin) = spike::addresses();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(listen).await?;
        let proxy = Proxy {
            origin,
            pool: RefCell::default(),
        };
        serve(listener, Rc::new(proxy)).await
    })
}
