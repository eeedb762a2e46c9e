//! WebSocket over HTTP/2 (RFC 8441): extended CONNECT with clients, and with servers that take it.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use edge_core::http::websocket_accept;
use h2::client::ResponseFuture;
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};

use super::peer::{Asked, Client, Server, run};
use super::wire::{SETTINGS, Wire};
use crate::http::Connection;
use crate::origin::{Origin, Seen, answer};
use crate::process::{Edge, free_address, proxy_to, server};

/// A stream on which a WebSocket is open.
struct Socket {
    status: u16,
    headers: HeaderMap,
    sending: SendStream<Bytes>,
    body: RecvStream,
}

impl Socket {
    fn say(&mut self, text: &str, end: bool) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.sending.send_data(bytes, end).unwrap();
    }

    /// Reads until there are so many bytes, or the end.
    async fn hear(&mut self, count: usize) -> String {
        let mut heard = Vec::new();
        while heard.len() < count {
            let Some(data) = self.body.data().await else {
                break;
            };
            let data = data.unwrap();
            self.body
                .flow_control()
                .release_capacity(data.len())
                .unwrap();
            heard.extend_from_slice(&data);
        }
        String::from_utf8(heard).unwrap()
    }
}

fn connect(path: &str, protocol: &'static str) -> http::request::Builder {
    Request::connect(format!("http://test{path}"))
        .extension(Protocol::from_static(protocol))
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat")
}

/// Asks when the edge has said that it may be asked.
async fn begin(
    client: &Client,
    request: http::request::Builder,
) -> (ResponseFuture, SendStream<Bytes>) {
    let mut sender = client.sender.clone().ready().await.unwrap();
    while !sender.is_extended_connect_protocol_enabled() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sender
        .send_request(request.body(()).unwrap(), false)
        .unwrap()
}

async fn open(client: &Client, request: http::request::Builder) -> Socket {
    let (response, sending) = begin(client, request).await;
    let (head, body) = response.await.unwrap().into_parts();
    Socket {
        status: head.status.as_u16(),
        headers: head.headers,
        sending,
        body,
    }
}

/// Answers the key of a request.
fn switch(request: &Seen, stream: &mut TcpStream) {
    let accept = websocket_accept(request.header("sec-websocket-key").unwrap().as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
}

/// Switches, and sends back what it gets.
fn echo() -> Origin {
    Origin::start(|request, stream| {
        switch(request, stream);
        let mut reader = stream.try_clone().unwrap();
        drop(std::io::copy(&mut reader, stream));
        false
    })
}

fn edge_before(origin: &Origin) -> Edge {
    Edge::start(&proxy_to(&[server(origin.address, "")]))
}

#[test]
fn the_edge_says_that_it_takes_extended_connect() {
    let edge = edge_before(&echo());
    let settings = Wire::client(edge.http, &[]).next(SETTINGS).unwrap();
    // SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §9.1).
    let mut settings = settings.payload.chunks(6);
    assert!(settings.any(|setting| setting == [0, 8, 0, 0, 0, 1]));
}

#[test]
fn extended_connect_is_an_upgrade_to_the_server() {
    let origin = echo();
    let edge = edge_before(&origin);
    run(async {
        let client = Client::new(edge.http).await;
        let request = connect("/chat?a", "websocket").header("cookie", "a=1");
        let mut socket = open(&client, request).await;
        assert_eq!(socket.status, 200);
        assert_eq!(socket.headers["sec-websocket-protocol"], "chat");
        for name in ["sec-websocket-accept", "upgrade", "connection"] {
            assert!(!socket.headers.contains_key(name), "{name}");
        }
        for text in ["hello", "again"] {
            socket.say(text, false);
            assert_eq!(socket.hear(5).await, text);
        }
        edge.counts("edge_tunnels", &[], 1);
        // Others on the connection do not wait.
        let mut other = open(&client, connect("/other", "websocket")).await;
        other.say("bye", true);
        assert_eq!(other.hear(usize::MAX).await, "bye");
        socket.say("last", true);
        assert_eq!(socket.hear(usize::MAX).await, "last");
    });
    let seen = &origin.seen()[0];
    assert!(
        seen.head
            .starts_with("GET /chat?a HTTP/1.1\r\nHost: test\r\n")
    );
    assert_eq!(seen.header("connection"), Some("Upgrade"));
    assert_eq!(seen.header("upgrade"), Some("websocket"));
    assert_eq!(seen.header("sec-websocket-version"), Some("13"));
    assert_eq!(seen.header("cookie"), Some("a=1"));
    edge.counts("edge_tunnels", &[], 0);
    edge.counts("edge_requests_total", &["code=\"101\""], 2);
}

#[test]
fn each_side_may_end_first() {
    let origin = Origin::start(|request, stream| {
        switch(request, stream);
        if request.path() == "/server" {
            stream.write_all(b"first").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        if request.path() == "/client" {
            stream.write_all(heard.as_bytes()).unwrap();
        }
        assert_eq!(heard, "said");
        false
    });
    let edge = edge_before(&origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut socket = open(&client, connect("/client", "websocket")).await;
        socket.say("said", true);
        assert_eq!(socket.hear(usize::MAX).await, "said");
        let mut socket = open(&client, connect("/server", "websocket")).await;
        assert_eq!(socket.hear(usize::MAX).await, "first");
        socket.say("said", true);
        // The connection has to stay until it has been said.
        while edge.metric("edge_tunnels", &[]) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    edge.counts("edge_failures_total", &[], 0);
}

#[test]
fn a_break_is_passed_on_as_one() {
    let (say, said) = std::sync::mpsc::channel();
    let say = std::sync::Mutex::new(say);
    let origin = Origin::start(move |request, stream| {
        switch(request, stream);
        let end = stream.read(&mut [0; 10]).map_err(|error| error.kind());
        say.lock().unwrap().send(end).unwrap();
        false
    });
    let edge = edge_before(&origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut socket = open(&client, connect("/client", "websocket")).await;
        socket.sending.send_reset(Reason::CANCEL);
        let end = tokio::task::spawn_blocking(move || said.recv_timeout(Duration::from_secs(5)));
        let end = end.await.unwrap().unwrap();
        assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
    });
    edge.counts("edge_failures_total", &["reason=\"client_gone\""], 1);
    edge.counts("edge_tunnels", &[], 0);
}

#[test]
fn a_server_that_breaks_off_is_a_reset() {
    let listener = std::net::TcpListener::bind(free_address()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let count = stream.read(&mut head).unwrap();
        let head = String::from_utf8_lossy(&head[..count]).into_owned();
        let body = Vec::new();
        switch(&Seen { head, body }, &mut stream);
        stream.read_exact(&mut [0]).unwrap();
        let socket = socket2::SockRef::from(&stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    });
    let edge = Edge::start(&proxy_to(&[server(address, "")]));
    run(async {
        let client = Client::new(edge.http).await;
        let mut socket = open(&client, connect("/", "websocket")).await;
        socket.say("x", false);
        let end = socket.body.data().await.unwrap().unwrap_err();
        assert_eq!(end.reason(), Some(Reason::CANCEL));
    });
    edge.counts("edge_failures_total", &["reason=\"cut_off\""], 1);
    edge.counts("edge_tunnels", &[], 0);
}

#[test]
fn much_passes_in_both_directions_at_once() {
    const LENGTH: usize = 2 << 20;
    let origin = echo();
    let edge = edge_before(&origin);
    run(async {
        let client = Client::new(edge.http).await;
        let Socket {
            sending, mut body, ..
        } = open(&client, connect("/", "websocket")).await;
        let bytes = vec![b'x'; LENGTH];
        let receiving = async {
            let mut heard = 0;
            while let Some(data) = body.data().await {
                let data = data.unwrap();
                body.flow_control().release_capacity(data.len()).unwrap();
                heard += data.len();
            }
            heard
        };
        let ((), heard) = tokio::join!(super::peer::send_all(sending, &bytes), receiving);
        assert_eq!(heard, LENGTH);
    });
}

/// `200` to a CONNECT is a tunnel, whatever was meant.
#[test]
fn what_is_no_switch_is_no_success() {
    let origin = Origin::start(|request, stream| match request.path() {
        "/403" => stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            .is_ok(),
        "/key" => {
            let wrong = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            stream.write_all(wrong.as_bytes()).is_ok()
        }
        _ => answer(stream, "a page"),
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]).replace(
        "[[site.route]]\n",
        "[[site.route]]\npath = \"/me\"\nrespond = { status = 200, text = \"me\" }\n\
             [[site.route]]\npath = \"/gone\"\nrespond = { status = 410 }\n\
             [[site.route]]\n",
    ));
    run(async {
        let client = Client::new(edge.http).await;
        for (path, protocol, status, reason) in [
            ("/403", "websocket", 403, ""),
            ("/page", "websocket", 502, "no_upgrade"),
            ("/key", "websocket", 502, "bad_upgrade"),
            ("/me", "websocket", 501, "nothing_to_switch"),
            ("/gone", "websocket", 410, ""),
            ("/page", "connect-udp", 501, "protocol_unknown"),
        ] {
            let mut socket = open(&client, connect(path, protocol)).await;
            let said = socket.headers.get("edge-reason");
            let said = said.map_or("", |reason| reason.to_str().unwrap());
            assert_eq!((socket.status, said), (status, reason), "{path}");
            socket.hear(usize::MAX).await;
        }
        let plain = Request::connect("test:80");
        let (response, _sending) = begin(&client, plain).await;
        assert_eq!(response.await.unwrap().status(), 405);
        assert_eq!(client.get("/page").await.text(), "a page");
    });
    assert!(origin.seen().iter().all(|seen| seen.path() != "/me"));
}

/// A server of HTTP/2 that takes extended CONNECT, if it says so.
fn h2_server(takes: bool) -> Server {
    let answer = |mut asked: Asked| async move {
        let protocol = asked.head.extensions.get::<Protocol>();
        if protocol.is_none_or(|protocol| protocol.as_str() != "websocket") {
            return asked.say("a page");
        }
        assert!(!asked.head.headers.contains_key("sec-websocket-key"));
        if asked.head.uri.path() == "/403" {
            let head = Response::builder().status(403).body(()).unwrap();
            asked.respond.send_response(head, true).unwrap();
            return;
        }
        let head = Response::builder().header("sec-websocket-protocol", "chat");
        let head = head.body(()).unwrap();
        let mut sending = asked.respond.send_response(head, false).unwrap();
        while let Some(Ok(data)) = asked.body.data().await {
            asked
                .body
                .flow_control()
                .release_capacity(data.len())
                .unwrap();
            // The frame that ends the stream.
            if data.is_empty() {
                continue;
            }
            sending.reserve_capacity(data.len());
            poll_fn(|cx| match sending.capacity() {
                0 => sending.poll_capacity(cx),
                _ => std::task::Poll::Ready(Some(Ok(0))),
            })
            .await
            .unwrap()
            .unwrap();
            sending.send_data(data, false).unwrap();
        }
        sending.send_data(Bytes::new(), true).unwrap();
    };
    Server::start_with(takes, answer)
}

fn edge_of_h2(server: &Server) -> Edge {
    let address = server.address;
    Edge::start(&format!(
        "[upstream.web]\nhttp = \"2\"\nserver = [{{ address = \"{address}\" }}]\n\
         [[site]]\n[[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n"
    ))
}

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn servers_of_http_2_are_asked_by_extended_connect() {
    let server = h2_server(true);
    let edge = edge_of_h2(&server);
    let mut client = Connection::new(edge.http);
    client.send(ASK);
    let (status, headers) = client.head().unwrap();
    assert_eq!(status, 101);
    let accept = headers
        .iter()
        .find(|(name, _)| name == "sec-websocket-accept");
    assert_eq!(accept.unwrap().1, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    client.send("hello");
    let mut heard = [0; 5];
    client.reader().read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert!(client.is_closed());
    edge.counts("edge_tunnels", &[], 0);
    let refused = crate::http::request(edge.http, &ASK.replace("/chat", "/403"));
    assert_eq!(refused.status, 403);
    run(async {
        let client = Client::new(edge.http).await;
        let mut socket = open(&client, connect("/chat", "websocket")).await;
        assert_eq!(socket.status, 200);
        socket.say("from end to end", true);
        assert_eq!(socket.hear(usize::MAX).await, "from end to end");
    });
    // Another protocol has no form in HTTP/2, and is not offered.
    let other = ASK.replace("websocket\r\n", "irc\r\n");
    assert_eq!(crate::http::request(edge.http, &other).text(), "a page");
}

#[test]
fn a_server_of_http_2_that_does_not_take_it_is_not_asked() {
    let server = h2_server(false);
    let edge = edge_of_h2(&server);
    let refused = crate::http::request(edge.http, ASK);
    assert_eq!(refused.status, 502);
    assert_eq!(refused.header("edge-reason"), Some("no_upgrade"));
    assert_eq!(edge.get("/").text(), "a page", "the server is well");
    assert_eq!(server.paths(), ["/"]);
}

/// The end of the connection, with a tunnel on it.
#[test]
fn c3_quit_waits_for_tunnels_and_ends_them() {
    let origin = echo();
    let config = proxy_to(&[server(origin.address, "")]);
    let mut edge = Edge::start(&format!("[server]\ngraceful_timeout = \"1s\"\n{config}"));
    run(async {
        let client = Client::new(edge.http).await;
        let mut socket = open(&client, connect("/", "websocket")).await;
        edge.signal("QUIT");
        socket.say("hello", false);
        assert_eq!(socket.hear(5).await, "hello");
        assert_eq!(socket.hear(usize::MAX).await, "", "an end, and no break");
    });
    assert_eq!(edge.wait(Duration::from_secs(5)), Some(0));
}
