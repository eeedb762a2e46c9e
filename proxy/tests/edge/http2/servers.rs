//! Servers that are asked in HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::Response;

use super::peer::{Asked, Client, Server, post, read_all, run, send_all};
use crate::http::{Connection, request};
use crate::process::{Edge, proxy_to, server};

/// An edge whose upstream speaks HTTP/2, with these lines besides.
fn edge_to(servers: &[&Server], more: &str) -> Edge {
    let addresses: Vec<_> = servers.iter().map(|one| one.address).collect();
    edge_to_addresses(&addresses, more)
}

pub(super) fn edge_to_addresses(servers: &[SocketAddr], more: &str) -> Edge {
    let lines: Vec<String> = servers.iter().map(|one| server(*one, "")).collect();
    Edge::start(&config(&lines, more))
}

fn config(servers: &[String], more: &str) -> String {
    proxy_to(servers).replace(
        "[upstream.web]\n",
        &format!("[upstream.web]\nhttp = \"2\"\n{more}\n"),
    )
}

/// A server that says what it was asked.
fn echo(streams: u32) -> Server {
    Server::start(streams, |asked| async move {
        let Asked {
            head,
            body,
            mut respond,
        } = asked;
        assert_eq!(head.headers["te"], "trailers");
        assert_eq!(head.headers["x-real-ip"], "127.0.0.1");
        assert!(!head.headers.contains_key("host") && !head.headers.contains_key("connection"));
        assert_eq!(head.uri.authority().unwrap(), "test");
        let body = read_all(body).await.unwrap();
        let stream = respond
            .send_response(Response::new(()), body.is_empty())
            .unwrap();
        send_all(stream, &body).await;
    })
}

#[test]
fn requests_share_one_connection() {
    let origin = echo(100);
    let edge = edge_to(&[&origin], "");
    // HTTP/1 clients, one worker each.
    let mut client = Connection::new(edge.http);
    for _ in 0..10 {
        client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
        let reply = client.reply().unwrap();
        assert_eq!((reply.status, reply.text()), (200, "abc"));
        assert_eq!(reply.header("connection"), None, "the client's own goes on");
    }
    assert_eq!(origin.connections(), 1);
    // Many at a time.
    run(async {
        let client = Client::new(edge.http).await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..60 {
            let mut sender = client.sender.clone().ready().await.unwrap();
            let request = post("/").body(()).unwrap();
            let (response, stream) = sender.send_request(request, false).unwrap();
            asking.spawn(async move {
                send_all(stream, b"xyz").await;
                read_all(response.await.unwrap().into_body()).await.unwrap()
            });
        }
        for body in asking.join_all().await {
            assert_eq!(body, b"xyz");
        }
    });
    assert!(origin.connections() <= 2, "one for each worker");
}

#[test]
fn more_than_a_connection_takes_go_to_another() {
    let origin = Server::start(2, |asked| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        asked.say("x");
    });
    let edge = edge_to(&[&origin], "");
    run(async {
        let client = Client::new(edge.http).await;
        let all = tokio::join!(
            client.get("/"),
            client.get("/"),
            client.get("/"),
            client.get("/"),
            client.get("/")
        );
        for reply in [all.0, all.1, all.2, all.3, all.4] {
            assert_eq!(reply.status, 200);
        }
    });
    assert_eq!(origin.connections(), 3);
}

#[test]
fn large_bodies_pass_both_ways() {
    let origin = echo(100);
    let edge = edge_to(&[&origin], "");
    let body = vec![7; 1_000_000];
    run(async {
        let client = Client::with_window(edge.http, 10_000).await;
        let reply = client.ask(post("/"), &body).await.unwrap();
        assert!(reply.body == body, "{} {}", reply.status, reply.body.len());
    });
}

#[test]
fn responses_without_a_body_have_none() {
    let origin = Server::start(100, |mut asked| async move {
        let status = match asked.head.uri.path() {
            "/204" => 204,
            "/304" => 304,
            _ => 200,
        };
        let head = Response::builder().status(status).header("etag", "\"x\"");
        asked
            .respond
            .send_response(head.body(()).unwrap(), true)
            .unwrap();
    });
    let edge = edge_to(&[&origin], "");
    let mut client = Connection::new(edge.http);
    for (method, path, status) in [
        ("GET", "/204", 204),
        ("GET", "/304", 304),
        ("HEAD", "/", 200),
    ] {
        client.send(format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        let reply = client.reply_to(method).unwrap();
        assert_eq!(reply.status, status);
    }
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.reply().unwrap().header("content-length"), Some("0"));
}

#[test]
fn r1_a_reset_is_a_failure_and_a_refusal_is_no_request() {
    let bad = Server::start(100, |asked| async move {
        let refused = asked.head.uri.path() == "/refused";
        asked.reset(if refused {
            Reason::REFUSED_STREAM
        } else {
            Reason::INTERNAL_ERROR
        });
    });
    let edge = edge_to(&[&bad], "");
    assert_eq!(edge.get("/").status, 502);
    assert_eq!(edge.get("/refused").status, 502);
    assert!(bad.connections() <= 2, "a stream is not its connection");
    let good = Server::saying("good");
    let edge = edge_to(&[&bad, &good], "compat = \"nginx\"");
    let post = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx");
        request(edge.http, &head).status
    };
    // It was not looked at, so even a POST may go to the next server.
    assert_eq!(post("/refused"), 200);
    assert_eq!(bad.paths().last().unwrap(), "/refused");
    let edge = edge_to(&[&bad, &good], "compat = \"nginx\"");
    assert_eq!(edge.get("/").status, 200, "idempotent");
    let edge = edge_to(&[&bad, &good], "compat = \"nginx\"");
    let head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(request(edge.http, head).status, 502);
}

/// They would stay for as long as idle ones do, and many reloads leave many.
#[test]
fn connections_that_a_reload_has_replaced_are_closed() {
    let origin = Server::saying("x");
    let edge = edge_to(&[&origin], "");
    for _ in 0..5 {
        assert_eq!(edge.get("/").status, 200);
        assert!(edge.reload().status.success());
    }
    edge.eventually("no connection is left", || origin.open() == 0);
    assert!(origin.connections() >= 5);
}

#[test]
fn t3_a_reset_in_the_middle_cuts_the_response_off() {
    let origin = Server::start(100, |mut asked| async move {
        let mut stream = asked
            .respond
            .send_response(Response::new(()), false)
            .unwrap();
        stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.send_reset(Reason::INTERNAL_ERROR);
    });
    let edge = edge_to(&[&origin], "");
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert!(client.reply().is_err());
}

#[test]
fn r4_a_client_that_leaves_resets_the_stream() {
    let (told, heard) = std::sync::mpsc::channel();
    let origin = Server::start(100, move |mut asked| {
        let told = told.clone();
        async move {
            let reset = std::future::poll_fn(|cx| asked.respond.poll_reset(cx)).await;
            told.send(reset.unwrap()).unwrap();
        }
    });
    let edge = edge_to(&[&origin], "");
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    edge.eventually("the request arrives", || origin.paths().len() == 1);
    drop(client);
    let reset = heard.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(reset, Reason::CANCEL);
}

#[test]
fn connections_end_when_idle_or_after_so_many_requests_or_with_their_server() {
    let origin = Server::saying("x");
    let edge = edge_to(
        &[&origin],
        "keepalive_timeout = \"100ms\"\nkeepalive_requests = 2",
    );
    let mut client = Connection::new(edge.http);
    let mut ask = || {
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_eq!(client.reply().unwrap().status, 200);
    };
    for _ in 0..4 {
        ask();
    }
    // Fewer only if the machine is so slow that one was idle in between.
    assert!(origin.connections() >= 2);
    edge.eventually("idle connections are closed", || origin.open() == 0);
    ask();
    assert!(origin.connections() >= 3);
}

#[test]
fn a_server_that_is_not_there_or_speaks_http_1_is_502() {
    let dead = crate::process::free_address();
    let edge = Edge::start(&config(&[server(dead, "")], ""));
    let refused = edge.get("/");
    assert_eq!(refused.status, 502);
    assert!(
        refused.text().contains("refuses connections"),
        "{}",
        refused.text()
    );
    let old = crate::origin::Origin::saying("x");
    let edge = Edge::start(&config(&[server(old.address, "")], ""));
    assert_eq!(edge.get("/").status, 502);
    let asked = |seen: &crate::origin::Seen| seen.head.starts_with("GET");
    assert!(!old.seen().iter().any(asked), "it was never sent");
}

#[test]
fn probes_speak_http_2_as_well() {
    let origin = Server::saying("x");
    let check = "[upstream.web.health_check]\ninterval = \"50ms\"\n";
    let edge = Edge::start(&format!(
        "{}{check}",
        config(&[server(origin.address, "")], "")
    ));
    edge.eventually("it is asked", || {
        origin
            .paths()
            .iter()
            .filter(|path| *path == "/health")
            .count()
            > 2
    });
    assert_eq!(edge.metric("edge_upstream_up", &[]), 1, "{}", edge.log());
}
