//! Connections that switch to another protocol: WebSocket and whatever else a client and a server agree
//! on, in plain bytes on both sides.

mod endings;
mod handshakes;
mod operations;
mod real;

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

/// A request that offers to switch to WebSocket.
const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Version: 13\r\n\r\n";

const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                        Connection: Upgrade\r\nX-App: yes\r\n\r\n";

/// A server that switches and then does what the test says; then its connection is closed.
fn switching(then: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Origin {
    Origin::start(move |_, stream| {
        stream.write_all(SWITCH).unwrap();
        patient(stream);
        then(stream);
        false
    })
}

/// A server that switches and sends back what it gets.
fn echo() -> Origin {
    switching(|stream| {
        let mut reader = stream.try_clone().unwrap();
        drop(io::copy(&mut reader, stream));
    })
}

fn patient(stream: &TcpStream) {
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
}

/// The edge before one server, with `more` about the route.
fn edge_before(origin: &Origin, more: &str) -> Edge {
    let config = proxy_to(&[server(origin.address, "")]);
    Edge::start(&config.replace("to = \"web\"", &format!("to = \"web\"{more}")))
}

/// A client whose request has been answered with a switch.
fn switched(edge: &Edge) -> TcpStream {
    let mut stream = TcpStream::connect(edge.http).unwrap();
    patient(&stream);
    stream.set_nodelay(true).unwrap();
    stream.write_all(ASK.as_bytes()).unwrap();
    // What follows the head is not for the one who reads the head.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", edge.log());
    stream
}

/// Says something, and hears it from an echo.
fn hears(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

/// Reads to the end.
fn rest(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

#[test]
fn bytes_pass_in_both_directions() {
    let origin = echo();
    let edge = edge_before(&origin, "");
    let mut client = switched(&edge);
    for text in ["hello", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\0\x01"] {
        hears(&mut client, text);
    }
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client), "");
    edge.counts("edge_connections", &["state=\"active\""], 0);
    assert_eq!(origin.seen().len(), 1, "what passed was no request");
}

#[test]
fn much_passes_in_both_directions_at_once() {
    const LENGTH: usize = 8 << 20;
    let bytes: Vec<u8> = (0..LENGTH)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let origin = echo();
    let edge = edge_before(&origin, "");
    let mut client = switched(&edge);
    let mut writer = client.try_clone().unwrap();
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    writing.join().unwrap();
    assert!(heard == bytes, "{} bytes of {LENGTH}", heard.len());
}

/// One that is read slowly keeps the other direction going.
#[test]
fn a_direction_that_is_stuck_does_not_hold_the_other_up() {
    let origin = switching(|stream| {
        let mut reader = stream.try_clone().unwrap();
        let flood = std::thread::spawn(move || {
            // Much more than all the buffers between here and the client.
            drop(reader.write_all(&vec![b'x'; 32 << 20]));
        });
        let mut heard = [0; 4];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"stop");
        stream.shutdown(Shutdown::Both).unwrap();
        flood.join().unwrap();
    });
    let edge = edge_before(&origin, "");
    let mut client = switched(&edge);
    edge.eventually("the client is full", || {
        let before = edge.metric("edge_tunnel_bytes_total", &["to=\"client\""]);
        std::thread::sleep(Duration::from_millis(100));
        before > 0 && before == edge.metric("edge_tunnel_bytes_total", &["to=\"client\""])
    });
    client.write_all(b"stop").unwrap();
    drop(io::copy(&mut client, &mut io::sink()));
    edge.counts("edge_tunnel_bytes_total", &["to=\"server\""], 4);
}
