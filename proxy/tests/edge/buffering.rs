//! Where bodies wait when one side is slower than the other.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, server};

const LARGE: usize = 60_000_000;

fn edge_to(origin: &Origin, proxy: &str) -> Edge {
    let config = proxy_to(&[server(origin.address, "")]);
    let config = config.replace("{ to = \"web\" }", &format!("{{ to = \"web\"{proxy} }}"));
    Edge::start(&config.replace("[[site]]", "[[site]]\nmax_body = \"100M\""))
}

/// Sends a large response of the type asked for as the path, and tells when all of it was taken.
fn generous(head: &'static str) -> (Origin, mpsc::Receiver<bool>) {
    let (taken, wait) = mpsc::channel();
    let taken = std::sync::Mutex::new(taken);
    let origin = Origin::start(move |_, stream| {
        let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {LARGE}\r\n\r\n");
        let piece: Vec<u8> = (0..100_000).map(|at: u32| at.to_le_bytes()[0]).collect();
        let mut sent = stream.write_all(head.as_bytes()).is_ok();
        for _ in 0..LARGE / piece.len() {
            sent = sent && stream.write_all(&piece).is_ok();
        }
        taken.lock().unwrap().send(sent).unwrap_or_default();
        sent
    });
    (origin, wait)
}

fn ask_and_wait(edge: &Edge) -> Connection {
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client
}

fn resident_kb(edge: &Edge) -> u64 {
    edge.metric("process_resident_memory_bytes", &[]) / 1024
}

#[test]
fn f2_a_slow_client_keeps_no_server_busy() {
    let (origin, taken) = generous("");
    let edge = edge_to(&origin, "");
    let before = resident_kb(&edge);
    let mut client = ask_and_wait(&edge);
    assert!(
        taken.recv_timeout(Duration::from_secs(20)).unwrap(),
        "the server got rid of all of it although the client reads nothing"
    );
    edge.eventually("the server is free", || {
        edge.metric("edge_upstream_active", &[]) == 0
    });
    let grown = resident_kb(&edge) - before;
    assert!(
        grown < 20_000,
        "it waits in a file, not in memory: {grown} KB"
    );
    let body = client.reply().unwrap().body;
    assert_eq!(body.len(), LARGE);
    assert!(
        body.iter()
            .enumerate()
            .all(|(at, byte)| (at % 100_000).to_le_bytes()[0] == *byte)
    );
    // The connection to the server was kept.
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().body.len(), LARGE);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn f2_without_buffering_the_server_waits_for_its_client() {
    for (head, proxy) in [
        ("", ", buffering = false"),
        ("X-Accel-Buffering: no\r\n", ""),
        ("Content-Type: text/event-stream\r\n", ""),
    ] {
        let (origin, taken) = generous(head);
        let edge = edge_to(&origin, proxy);
        let before = resident_kb(&edge);
        let mut client = ask_and_wait(&edge);
        let early = taken.recv_timeout(Duration::from_millis(700));
        assert!(early.is_err(), "{head}{proxy}");
        let grown = resident_kb(&edge) - before;
        assert!(grown < 20_000, "{head}{proxy}: {grown} KB");
        let reply = client.reply().unwrap();
        assert_eq!(reply.body.len(), LARGE);
        assert_eq!(reply.header("x-accel-buffering"), None);
        assert!(taken.recv_timeout(Duration::from_secs(5)).unwrap());
    }
}

#[test]
fn f2_the_file_is_bounded() {
    let (origin, taken) = generous("");
    let edge = edge_to(&origin, ", max_temp_file = \"1M\"");
    let mut client = ask_and_wait(&edge);
    assert!(taken.recv_timeout(Duration::from_millis(700)).is_err());
    assert_eq!(client.reply().unwrap().body.len(), LARGE);
}

#[test]
fn f4_a_client_that_leaves_may_be_ignored() {
    let (answered, wait) = mpsc::channel();
    let answered = std::sync::Mutex::new(answered);
    let origin = Origin::start(move |_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        let written = answer(stream, "done");
        answered.lock().unwrap().send(written).unwrap_or_default();
        written
    });
    let edge = edge_to(&origin, ", ignore_client_abort = true");
    let mut client = ask_and_wait(&edge);
    edge.eventually("the request arrives", || origin.seen().len() == 1);
    client.stream.shutdown(std::net::Shutdown::Both).unwrap();
    assert!(wait.recv_timeout(Duration::from_secs(5)).unwrap());
    edge.eventually("the server has answered", || {
        edge.metric("edge_upstream_requests_total", &["code=\"200\""]) == 1
    });
    client.send("").stream.flush().unwrap();
}

/// An origin that writes down what it gets before the request is complete.
fn listener() -> (std::net::SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut read = vec![0; 65_536];
            while let Ok(count) = stream.read(&mut read) {
                if count == 0 || send.send(read[..count].to_vec()).is_err() {
                    break;
                }
                if read[..count].ends_with(b"0\r\n\r\n") || read[..count].ends_with(b"end") {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                        .unwrap();
                }
            }
        }
    });
    (address, receive)
}

fn next(from: &mpsc::Receiver<Vec<u8>>, until: &[u8]) -> String {
    let mut all = Vec::new();
    while !all.ends_with(until) {
        all.extend(from.recv_timeout(Duration::from_secs(5)).unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn f1_a_request_can_be_passed_on_as_it_comes() {
    let (address, arrived) = listener();
    let config = proxy_to(&[server(address, "")]);
    let streamed = "{ to = \"web\", request_buffering = false }";
    let edge = Edge::start(&config.replace("{ to = \"web\" }", streamed));
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    let first = next(&arrived, b"3\r\nabc\r\n");
    assert!(first.contains("Transfer-Encoding: chunked\r\n"), "{first}");
    client.send("2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\nGET /nex");
    assert_eq!(next(&arrived, b"0\r\n\r\n"), "2\r\nde\r\n0\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "ok");
    // What came behind the body is the next request.
    client.send("tend HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 100);
    let head = next(&arrived, b"\r\n\r\n");
    assert!(
        head.starts_with("GET /nextend ") && head.contains("Content-Length: 6\r\n"),
        "{head}"
    );
    client.send("the");
    assert_eq!(next(&arrived, b"the"), "the");
    client.send("end");
    assert_eq!(client.reply().unwrap().text(), "ok");
}

#[test]
fn b1_a_streamed_body_over_the_limit_is_413() {
    let (address, arrived) = listener();
    let config =
        proxy_to(&[server(address, "")]).replace("[[site]]", "[[site]]\nmax_body = \"1k\"");
    let streamed = "{ to = \"web\", request_buffering = false }";
    let edge = Edge::start(&config.replace("{ to = \"web\" }", streamed));
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    next(&arrived, b"abc\r\n");
    client.send(format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400)));
    let reply = client.reply().unwrap();
    assert_eq!(
        (reply.status, reply.header("connection")),
        (413, Some("close"))
    );
    client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n");
    assert_eq!(client.reply().unwrap().status, 400);
}

/// A server that refuses a large body without reading it, as application servers do.
#[test]
fn an_answer_that_comes_before_the_request_was_sent_is_passed_on() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut read = vec![0; 1000];
            let _head = stream.read(&mut read).unwrap();
            let body = "too large for me";
            let length = body.len();
            drop(stream.write_all(
                format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes(),
            ));
            // Closing with unread bytes resets the connection.
        }
    });
    for proxy in ["", ", request_buffering = false"] {
        let config = proxy_to(&[server(address, "")]);
        let config = config.replace("{ to = \"web\" }", &format!("{{ to = \"web\"{proxy} }}"));
        let edge = Edge::start(&config.replace("[[site]]", "[[site]]\nmax_body = \"100M\""));
        for size in [100_000, 20_000_000] {
            let mut client = Connection::new(edge.http);
            client.send(format!(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
            ));
            let mut writer = client.stream.try_clone().unwrap();
            let sending = std::thread::spawn(move || drop(writer.write_all(&vec![b'x'; size])));
            let reply = client.reply().unwrap();
            assert_eq!(
                (reply.status, reply.text()),
                (413, "too large for me"),
                "{proxy} {size}"
            );
            drop(client);
            sending.join().unwrap();
        }
    }
}

/// Both directions at once, as gRPC has it: each message is answered before the next is sent.
#[test]
fn a_request_goes_on_while_its_answer_comes() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut read = vec![0; 65_536];
            let mut head = true;
            while let Ok(count @ 1..) = stream.read(&mut read) {
                let answer = if head {
                    assert!(read[..count].ends_with(b"\r\n\r\n"));
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()
                } else {
                    // What came is chunks, and goes back as it is.
                    read[..count].to_vec()
                };
                head = false;
                if stream.write_all(&answer).is_err() {
                    break;
                }
            }
        }
    });
    let edge = Edge::start(&proxy_to(&[server(address, "")]));
    let mut client = Connection::new(edge.http);
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    assert_eq!(client.head().unwrap().0, 200, "before any message");
    for message in ["one", "two", "three"] {
        client.send(format!("{:x}\r\n{message}\r\n", message.len()));
        assert_eq!(client.chunk().unwrap().unwrap(), message.as_bytes());
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.chunk().unwrap(), None);
    // A client that leaves in the middle frees the server.
    let mut client = Connection::new(edge.http);
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    assert_eq!(client.head().unwrap().0, 200);
    drop(client);
    edge.eventually("the server is free", || {
        edge.metric("edge_upstream_active", &[]) == 0
    });
}
