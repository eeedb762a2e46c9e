//! Clients that speak HTTP/2 by prior knowledge.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::Request;

use super::peer::{Client, get, post, read_all, run};
use super::wire::PREFACE;
use crate::http::Connection;
use crate::origin::{Origin, Seen, answer};
use crate::process::{Edge, proxy_to, raw, server};

fn edge_with(config: &str, origin: &Origin) -> Edge {
    let site = proxy_to(&[server(origin.address, "")]);
    Edge::start(&format!("{config}\n{site}"))
}

/// Answers with what was asked.
fn echo() -> Origin {
    Origin::start(|request: &Seen, stream: &mut TcpStream| {
        let length = request.body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&request.body).is_ok()
    })
}

/// Bytes that show where they are.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

#[test]
fn requests_pass_through_the_same_exchange() {
    let origin = Origin::start(|request, stream| match request.path() {
        "/none" => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok(),
        "/chunks" => {
            let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                           3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
            stream.write_all(chunked.as_bytes()).is_ok()
        }
        "/head" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"x\"\r\n\r\n";
            stream.write_all(head.as_bytes()).is_ok()
        }
        _ => answer(stream, "hello"),
    });
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let reply = client.get("/a?b").await;
        assert_eq!((reply.status, reply.text()), (200, "hello"));
        assert_eq!(reply.headers["server"], "hifate-edge");
        assert_eq!(reply.headers["content-length"], "5");
        assert!(!reply.headers.contains_key("connection"));
        assert_eq!(client.get("/chunks").await.text(), "abcde");
        assert_eq!(client.get("/none").await.status, 204);
        let head = Request::head("http://test/head");
        let reply = client.ask(head, b"").await.unwrap();
        assert_eq!(reply.headers["content-length"], "1234");
        assert_eq!(reply.body, b"");
        let cookies = get("/cookies")
            .header("cookie", "a=1")
            .header("cookie", "b=2");
        assert_eq!(client.ask(cookies, b"").await.unwrap().status, 200);
    });
    let seen = origin.seen();
    assert!(
        seen[0]
            .head
            .starts_with("GET /a?b HTTP/1.1\r\nHost: test\r\n")
    );
    assert_eq!(seen[0].header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen[4].header("cookie"), Some("a=1; b=2"));
    assert_eq!(origin.connections(), 1, "they keep one connection");
}

#[test]
fn bodies_arrive_with_and_without_a_length_whatever_the_windows() {
    let origin = echo();
    let edge = edge_with("", &origin);
    let body = pattern(900_000);
    run(async {
        for window in [1_000, 65_535] {
            let client = Client::with_window(edge.http, window).await;
            let known = post("/").header("content-length", body.len());
            for request in [post("/"), known] {
                let reply = client.ask(request, &body).await.unwrap();
                assert_eq!(reply.status, 200);
                assert!(reply.body == body, "{} bytes", reply.body.len());
            }
            assert_eq!(client.ask(post("/"), b"x").await.unwrap().body, b"x");
            assert_eq!(client.ask(post("/"), b"").await.unwrap().body, b"");
        }
    });
    assert_eq!(origin.seen()[0].header("content-length"), Some("900000"));
}

/// Its window is exactly the body: the end of the stream needs no room.
#[test]
fn the_end_of_a_stream_takes_no_window() {
    let origin = Origin::start(|_, stream| {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                       5\r\nabcde\r\n0\r\n\r\n";
        stream.write_all(chunked.as_bytes()).is_ok()
    });
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::with_window(edge.http, 5).await;
        let request = get("/").body(()).unwrap();
        let mut sender = client.sender.clone().ready().await.unwrap();
        let (response, _) = sender.send_request(request, true).unwrap();
        let mut body = response.await.unwrap().into_body();
        let mut read = 0;
        // Without giving any window back.
        while let Some(data) = body.data().await {
            read += data.unwrap().len();
        }
        assert_eq!(read, 5);
    });
}

#[test]
fn streams_of_one_connection_do_not_wait_for_each_other() {
    let origin = Origin::start(|request, stream| {
        if request.path() == "/slow" {
            std::thread::sleep(Duration::from_millis(300));
        }
        answer(stream, "x")
    });
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let slow = client.get("/slow");
        let quick = async {
            for _ in 0..20 {
                let several = tokio::join!(client.get("/1"), client.get("/2"), client.get("/3"));
                assert_eq!((several.0.status, several.2.status), (200, 200));
            }
            origin.seen().len()
        };
        let (slow, _) = tokio::join!(slow, quick);
        assert_eq!(slow.status, 200);
        edge.counts("edge_connections", &["state=\"idle\""], 1);
    });
    edge.counts("edge_requests_total", &["code=\"200\""], 61);
}

#[test]
fn the_gate_is_the_same() {
    let origin = Origin::saying("x");
    let edge = edge_with(
        "[client]\nmax_uri = \"1k\"\nmax_header_line = \"1k\"",
        &origin,
    );
    run(async {
        let client = Client::new(edge.http).await;
        let long = "a".repeat(2000);
        for (request, status) in [
            (get("/../a"), 400),
            (get("/%00"), 400),
            (get(&format!("/{long}")), 414),
            (get("/").header("x", &long), 431),
            (get("/").header("host", "other"), 400),
            (Request::get("http://a@b/"), 400),
            (Request::builder().method("TRACE").uri("http://a/"), 405),
            (Request::builder().method("get").uri("http://a/"), 400),
            (Request::builder().method("CONNECT").uri("a:80"), 405),
            (get("/").header("expect", "x"), 417),
            (get("/"), 200),
        ] {
            let what = format!("{request:?}");
            let reply = client.ask(request, b"").await.unwrap();
            assert_eq!(reply.status, status, "{what}");
        }
        let large = client.ask(post("/"), &pattern(3_000_000)).await.unwrap();
        assert_eq!(
            large.status, 413,
            "it is read over, so that the answer arrives"
        );
        assert_eq!(client.get("/").await.status, 200);
    });
    assert_eq!(origin.seen().len(), 2);
}

/// A stream is a request for a rate limit, keeps its body while it waits, and gives up with its client.
#[test]
fn streams_wait_for_their_turn() {
    let origin = echo();
    let limited = |rate: &str| {
        let config = proxy_to(&[server(origin.address, "")]);
        let site = config.replace("[[site]]\n", "[[site]]\nlimits = [\"one\"]\n");
        Edge::start(&format!(
            "[rate_limit.one]\nrate = \"{rate}\"\nburst = 10\n{site}"
        ))
    };
    let edge = limited("10/s");
    let body = pattern(300_000);
    run(async {
        let client = Client::new(edge.http).await;
        let ask = || client.ask(post("/"), &body);
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        for reply in [first, second, third] {
            assert!(reply.unwrap().body == body);
        }
    });
    edge.counts("edge_rate_limited_total", &["\"delayed\""], 2);
    let edge = limited("1/h");
    run(async {
        let client = Client::new(edge.http).await;
        assert_eq!(client.get("/").await.status, 200);
        let mut sender = client.sender.clone().ready().await.unwrap();
        let request = get("/").body(()).unwrap();
        let (response, mut stream) = sender.send_request(request, true).unwrap();
        while edge.metric("edge_rate_limited_total", &["\"delayed\""]) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stream.send_reset(Reason::CANCEL);
        assert!(response.await.is_err());
        while edge.metric("edge_failures_total", &["client_gone"]) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn r4_a_stream_that_is_reset_aborts_the_request() {
    let origin = Origin::start(|_, stream| {
        // Answers when the edge has given up, or after far longer than the test takes.
        let mut byte = [0];
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        drop(std::io::Read::read(stream, &mut byte));
        false
    });
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut sender = client.sender.clone().ready().await.unwrap();
        let request = get("/").body(()).unwrap();
        let (response, mut stream) = sender.send_request(request, true).unwrap();
        while origin.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stream.send_reset(Reason::CANCEL);
        assert!(response.await.is_err());
        while edge.metric("edge_requests_total", &["code=\"499\""]) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The same for the end of the connection, in the middle of a body.
        let mut sender = sender.ready().await.unwrap();
        let request = post("/").body(()).unwrap();
        let (_response, mut stream) = sender.send_request(request, false).unwrap();
        stream.send_data(Bytes::from_static(b"x"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        client.connection.abort();
        while edge.metric("edge_requests_total", &["code=\"499\""]) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    edge.eventually("nothing is open", || {
        edge.metric("edge_connections", &["state=\"active\""]) == 0
    });
}

/// HTTP/1 has no room for the same: a response that breaks off is a reset, not an end.
#[test]
fn t3_a_response_that_breaks_off_is_a_reset() {
    let origin = Origin::start(|_, stream| {
        let part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
        stream.write_all(part.as_bytes()).unwrap();
        false
    });
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let error = client.ask(get("/"), b"").await.unwrap_err();
        assert!(error.is_reset(), "{error}");
        assert!(
            client.ask(get("/"), b"").await.is_err(),
            "the connection goes on"
        );
    });
    assert_eq!(origin.seen().len(), 2);
}

#[test]
fn t4_a_preface_has_the_deadline_of_a_head() {
    let origin = Origin::saying("x");
    let edge = edge_with("[client]\nheader_timeout = \"200ms\"", &origin);
    // Complete or not, nothing follows, and the connection does not stay.
    for sent in [&PREFACE[..18], PREFACE] {
        let mut client = Connection::new(edge.http);
        client.send(sent);
        let mut rest = Vec::new();
        drop(std::io::Read::read_to_end(&mut client.stream, &mut rest));
        assert!(!rest.starts_with(b"HTTP/1"), "{}", rest.escape_ascii());
    }
    // What might yet become the preface is a head that takes too long.
    assert!(raw(edge.http, &PREFACE[..10]).starts_with("HTTP/1.1 408 "));
}

#[test]
fn http_1_is_spoken_on_the_same_port() {
    let origin = Origin::saying("x");
    let edge = edge_with("", &origin);
    // As short as the part of the preface that looks like a head.
    let shortest = b"GET / HTTP/1.0\r\n\r\n";
    assert_eq!(shortest.len(), PREFACE.len() - 6);
    assert!(raw(edge.http, shortest).starts_with("HTTP/1.1 200 OK\r\n"));
    let mut client = Connection::new(edge.http);
    client.send("P");
    std::thread::sleep(Duration::from_millis(20));
    client.send("UT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 200);
    // Only a connection's first word can be the preface.
    client.send(PREFACE);
    assert_eq!(client.reply().unwrap().status, 505);
    assert!(client.is_closed());
}

#[test]
fn http_2_can_be_switched_off_and_comes_behind_the_proxy_protocol() {
    let origin = Origin::saying("x");
    let site = proxy_to(&[server(origin.address, "")]);
    // The listener's table goes on where `start` has written its address.
    let edge = Edge::start(&format!("http2 = false\n{site}"));
    assert!(raw(edge.http, PREFACE).starts_with("HTTP/1.1 505 "));
    edge.configure(&site);
    assert!(edge.reload().status.success());
    run(async {
        let client = Client::new(edge.http).await;
        assert_eq!(
            client.get("/").await.status,
            200,
            "from the next connection on"
        );
    });
    edge.configure(&format!(
        "proxy_protocol = {{ from = [\"127.0.0.1\"] }}\n{site}"
    ));
    assert!(edge.reload().status.success());
    run(async {
        let mut stream = tokio::net::TcpStream::connect(edge.http).await.unwrap();
        let header = b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, header)
            .await
            .unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let client = Client { sender, connection };
        assert_eq!(client.get("/").await.status, 200);
    });
    let seen = origin.seen();
    assert_eq!(seen[1].header("x-real-ip"), Some("192.0.2.7"));
}

#[test]
fn t4_a_connection_ends_after_so_many_streams_or_when_idle() {
    let origin = Origin::saying("x");
    for limit in [
        "keepalive_requests = 2",
        "keepalive_timeout = \"200ms\"",
        "keepalive_timeout = \"0s\"",
    ] {
        let edge = edge_with(&format!("[client]\n{limit}"), &origin);
        run(async {
            let mut client = Client::new(edge.http).await;
            let mut served = 0;
            while served < 2 && client.ask(get("/"), b"").await.is_ok() {
                served += 1;
            }
            assert!(served > 0, "{limit}");
            let ended = (&mut client.connection).await.unwrap();
            assert!(ended.is_ok(), "{limit}: {ended:?}");
        });
        edge.eventually("it is closed", || {
            edge.metric("edge_connections", &["state=\"idle\""]) == 0
        });
    }
}

#[test]
fn c3_a_graceful_stop_finishes_streams() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        answer(stream, "late")
    });
    let mut edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let idle = Client::new(edge.http).await;
        let asked = async {
            let reply = client.get("/").await;
            assert_eq!(reply.text(), "late");
        };
        let stopped = async {
            while origin.seen().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            edge.signal("QUIT");
            assert!(idle.connection.await.unwrap().is_ok());
        };
        tokio::join!(asked, stopped);
        assert!(client.connection.await.unwrap().is_ok());
        assert!(client.sender.ready().await.is_err(), "GOAWAY");
    });
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
}

/// CVE-2023-44487: a client that opens streams and resets them as fast as it can.
#[test]
fn rapid_resets_harm_nobody_else() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(50));
        answer(stream, "x")
    });
    let edge = edge_with("[client]\nkeepalive_requests = 1000000", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut opened = 0;
        let mut sender = client.sender.clone();
        while opened < 100_000 {
            sender = match sender.ready().await {
                Ok(sender) => sender,
                Err(_) => break,
            };
            let request = get("/").body(()).unwrap();
            let Ok((_, mut stream)) = sender.send_request(request, true) else {
                break;
            };
            stream.send_reset(Reason::CANCEL);
            opened += 1;
            if opened % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let others = Client::new(edge.http).await;
        assert_eq!(others.get("/").await.status, 200);
        drop(client);
    });
    edge.eventually("all of it has ended", || {
        edge.metric("edge_connections", &["state=\"active\""]) == 0
    });
    assert_eq!(edge.metric("edge_panics_total", &[]), 0);
}

#[test]
fn interim_answers_reach_clients_that_wait_for_them() {
    let origin = echo();
    let edge = edge_with("", &origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut sender = client.sender.clone().ready().await.unwrap();
        let request = post("/").header("expect", "100-continue").body(()).unwrap();
        let (mut response, mut stream) = sender.send_request(request, false).unwrap();
        let interim = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
        assert_eq!(interim.unwrap().unwrap().status(), 100);
        stream.send_data(Bytes::from_static(b"abc"), true).unwrap();
        let body = response.await.unwrap().into_body();
        assert_eq!(read_all(body).await.unwrap(), b"abc");
    });
}

#[test]
fn e1_logs_say_which_version_it_was() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[server(origin.address, "")]).replace(
        "[[site]]\n",
        "[[site]]\naccess_log = { path = \"access.log\", format = '$request|$server_protocol|$remote_port' }\n",
    );
    let edge = Edge::start(&config);
    run(async {
        let client = Client::new(edge.http).await;
        assert_eq!(client.get("/a?b").await.status, 200);
    });
    let log = || std::fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("the line is written", || !log().is_empty());
    let line = log();
    assert!(line.starts_with("GET /a?b HTTP/2.0|HTTP/2.0|"), "{line}");
    assert!(!line.ends_with("|0\n"), "{line}");
}
