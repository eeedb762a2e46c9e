//! Request and response bodies: lengths, chunks, limits, buffering.

use std::io::Write as _;
use std::time::Duration;

use crate::http::{Connection, request};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

fn echo() -> Origin {
    Origin::start(|request, stream| {
        let body = &request.body;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).is_ok()
    })
}

fn edge_to(origin: &Origin) -> Edge {
    Edge::start(&proxy_to(&[server(origin.address, "")]))
}

fn post(length: usize) -> Vec<u8> {
    let body: Vec<u8> = (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), &body].concat()
}

#[test]
fn f1_bodies_of_any_size_arrive_whole() {
    let origin = echo();
    let config =
        proxy_to(&[server(origin.address, "")]).replace("[[site]]", "[[site]]\nmax_body = \"10M\"");
    let edge = Edge::start(&config);
    // Around the buffers' sizes, and far beyond what stays in memory.
    for length in [1, 16_000, 16_384, 65_535, 65_536, 65_537, 5_000_000] {
        let mut client = Connection::new(edge.http);
        let sent = post(length);
        client.send(&sent);
        let reply = client.reply().unwrap();
        assert_eq!(reply.status, 200);
        assert!(
            sent.ends_with(&reply.body) && reply.body.len() == length,
            "{length}"
        );
    }
}

#[test]
fn f1_chunks_become_one_body_of_known_length() {
    let origin = echo();
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(
        origin.connections(),
        0,
        "no server is kept busy by a slow client"
    );
    client.send("c\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "abcde");
    let seen = &origin.seen()[0];
    assert_eq!(seen.header("content-length"), Some("5"));
    assert_eq!(seen.header("transfer-encoding"), None);
}

#[test]
fn b1_a_body_over_the_limit_is_413_and_no_server_hears_of_it() {
    let origin = echo();
    let config =
        proxy_to(&[server(origin.address, "")]).replace("[[site]]", "[[site]]\nmax_body = \"1k\"");
    let edge = Edge::start(&config);
    let mut client = Connection::new(edge.http);
    client.send(post(1025));
    let reply = client.reply().unwrap();
    assert_eq!(reply.status, 413);
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(reply.text().contains("max_body"), "{}", reply.text());
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("401\r\n{}\r\n0\r\n\r\n", "x".repeat(0x401)));
    assert_eq!(client.reply().unwrap().status, 413);
    let mut client = Connection::new(edge.http);
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 413, "413 instead of 100");
    assert_eq!(origin.connections(), 0);
    assert_eq!(
        request(edge.http, std::str::from_utf8(&post(50)).unwrap()).status,
        200
    );
}

#[test]
fn q6_the_edge_answers_expect_itself() {
    let origin = echo();
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 100);
    client.send("hi");
    assert_eq!(client.reply().unwrap().text(), "hi");
    assert_eq!(origin.seen()[0].header("expect"), None);
}

#[test]
fn responses_of_every_framing_pass() {
    let origin = Origin::start(|request, stream| {
        let (answer, keep): (&[u8], bool) = match request.path() {
            "/chunked" => (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                true,
            ),
            "/close" => (b"HTTP/1.1 200 OK\r\n\r\nabc", false),
            "/1.0" => (b"HTTP/1.0 200 OK\r\n\r\nabc", false),
            "/none" => (b"HTTP/1.1 204 No Content\r\n\r\n", true),
            "/interim" => (
                b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                true,
            ),
            _ => (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true),
        };
        stream.write_all(answer).is_ok() && keep
    });
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    for path in ["/", "/chunked", "/close", "/1.0", "/interim", "/"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let reply = client.reply().unwrap();
        assert_eq!((reply.status, reply.text()), (200, "abc"), "{path}");
    }
    client.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 204);
    // An old client does not know chunks: the body ends with the connection.
    let mut old = Connection::new(edge.http);
    old.send("GET /chunked HTTP/1.0\r\n\r\n");
    let reply = old.reply().unwrap();
    assert_eq!(
        (reply.text(), reply.header("transfer-encoding")),
        ("abc", None)
    );
}

#[test]
fn head_has_a_length_and_no_body() {
    let origin = Origin::start(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            .is_ok()
    });
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        let reply = client.reply_to("HEAD").unwrap();
        assert_eq!(
            (reply.status, reply.header("content-length")),
            (200, Some("1000"))
        );
    }
}

/// A client must be able to tell a response that was cut off from a whole one.
#[test]
fn t3_a_response_that_breaks_off_ends_the_connection() {
    let origin = Origin::start(|request, stream| {
        let framing = if request.path() == "/chunked" {
            "Transfer-Encoding: chunked"
        } else {
            "Content-Length: 9"
        };
        let answer = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n3\r\nab");
        stream.write_all(answer.as_bytes()).unwrap();
        false
    });
    let edge = edge_to(&origin);
    for path in ["/", "/chunked"] {
        let mut client = Connection::new(edge.http);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(client.reply().is_err(), "{path} looked whole");
    }
}

#[test]
fn a_large_response_to_a_slow_client_is_whole() {
    let origin = Origin::start(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n";
        stream.write_all(head).is_ok() && stream.write_all(&vec![b'x'; 3_000_000]).is_ok()
    });
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(client.reply().unwrap().body.len(), 3_000_000);
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let origin = Origin::start(|request, stream| {
        std::thread::sleep(Duration::from_millis(20));
        let text = format!(
            "{}:{}",
            request.path(),
            String::from_utf8_lossy(&request.body)
        );
        answer(stream, &text)
    });
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\
         okGET /3 HTTP/1.1\r\nHost: a\r\n\r\nPOST /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \
         chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /5 HT",
    );
    for expected in ["/1:", "/2:ok", "/3:", "/4:x"] {
        assert_eq!(client.reply().unwrap().text(), expected);
    }
    client.send("TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "/5:");
    assert!(client.is_closed());
}

#[test]
fn keep_alive_survives_a_failed_server() {
    let edge = Edge::start(&proxy_to(&[server(free_address(), "")]));
    let mut client = Connection::new(edge.http);
    for _ in 0..2 {
        client.send(post(10));
        assert_eq!(client.reply().unwrap().status, 502);
    }
}

#[test]
fn trailers_reach_a_client_that_takes_them() {
    let origin = Origin::start(|request, stream| {
        let asked = request.header("te") == Some("trailers");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\
             Grpc-Status: {}\r\nContent-Length: 9\r\n\r\n",
            u8::from(!asked)
        );
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let edge = edge_to(&origin);
    let ask = |te: &str| {
        let close = "Connection: close\r\n";
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{te}{close}\r\n");
        crate::process::raw(edge.http, request.as_bytes())
    };
    let with = ask("TE: deflate, trailers\r\n");
    assert!(
        with.ends_with("1\r\nx\r\n0\r\nGrpc-Status: 0\r\n\r\n"),
        "{with}"
    );
    let without = ask("");
    assert!(without.ends_with("1\r\nx\r\n0\r\n\r\n"), "{without}");
}

#[test]
fn f3_a_server_can_leave_the_answer_to_another_route() {
    let app = Origin::start(|request, stream| {
        let answer = match request.path() {
            "/loop" => "X-Accel-Redirect: /loop\r\n".to_owned(),
            "/bad" => "X-Accel-Redirect: elsewhere\r\n".to_owned(),
            path => format!("X-Accel-Redirect: /files{path}\r\nSet-Cookie: a=b\r\nX-Mine: 1\r\n"),
        };
        let body = "never seen";
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\n{answer}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).is_ok()
    });
    let files = Origin::start(|request, stream| {
        let text = format!(
            "{} {:?}",
            request.head.lines().next().unwrap(),
            request.body
        );
        answer(stream, &text)
    });
    let config = format!(
        "[upstream.app]\nserver = [{{ {} }}]\n[upstream.files]\nserver = [{{ {} }}]\n[[site]]\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"app\" }}\n\
         [[site.route]]\npath = \"/files/\"\ninternal = true\nproxy = {{ to = \"files\", uri = \"/\" }}\n",
        server(app.address, ""),
        server(files.address, "")
    );
    let edge = Edge::start(&config);
    let mut client = Connection::new(edge.http);
    client.send("POST /a%20b?c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    let reply = client.reply().unwrap();
    assert_eq!(reply.text(), "GET /a%20b?c HTTP/1.1 []");
    assert_eq!(reply.header("set-cookie"), Some("a=b"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert!(reply.header("x-mine").is_none() && reply.header("x-accel-redirect").is_none());
    // The connection goes on; clients do not come in by the back door.
    client.send("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 404);
    assert_eq!(edge.get("/loop").status, 500);
    assert_eq!(edge.get("/bad").status, 502);
}
