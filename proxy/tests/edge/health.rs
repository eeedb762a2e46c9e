//! Active checks of every type, and their state through reloads.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::http::get;
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

fn config(servers: &[String], check: &str) -> String {
    format!(
        "{}[upstream.web.health_check]\ninterval = \"30ms\"\nfall = 2\n{check}\n",
        proxy_to(servers)
    )
}

fn state(edge: &Edge, address: SocketAddr) -> String {
    let text = get(edge.admin, "/api/v1/upstreams").text().to_owned();
    let upstreams: serde_json::Value = serde_json::from_str(&text).unwrap();
    let servers = upstreams[0]["servers"].as_array().unwrap();
    let found = servers
        .iter()
        .find(|server| server["address"] == address.to_string());
    found.unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn tcp_asks_whether_a_connection_is_accepted() {
    let (here, gone) = (Origin::saying("here"), free_address());
    let edge = Edge::start(&config(
        &[server(here.address, ""), server(gone, "")],
        "type = \"tcp\"",
    ));
    edge.eventually("the closed port is out", || {
        state(&edge, gone) == "unhealthy"
    });
    assert_eq!(state(&edge, here.address), "up");
    let back = Origin::start_at(gone, |_, stream| answer(stream, "back"));
    edge.eventually("the open port is back", || state(&edge, gone) == "up");
    drop(back);
}

#[test]
fn http_looks_at_status_and_body() {
    let ready = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&ready);
    let origin = Origin::start(move |request, stream| {
        assert_eq!(request.header("host"), Some("probe.internal"));
        let body = if says.load(Ordering::SeqCst) {
            "ready"
        } else {
            "starting"
        };
        // Chunked, so that the expression is looked for in the content and not in the framing.
        let (first, second) = body.split_at(3);
        let answer = format!(
            "HTTP/1.1 418 X\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        );
        stream.write_all(answer.as_bytes()).unwrap();
        false
    });
    let check = "path = \"/deep\"\nhost = \"probe.internal\"\nstatus = [\"200\", \"418\"]\nbody = \"^ready\"";
    let edge = Edge::start(&config(
        &[
            server(origin.address, ""),
            server(free_address(), ", down = true"),
        ],
        check,
    ));
    edge.eventually("it was asked", || origin.seen().len() > 3);
    assert_eq!(state(&edge, origin.address), "up");
    ready.store(false, Ordering::SeqCst);
    edge.eventually("the body is wrong", || {
        state(&edge, origin.address) == "unhealthy"
    });
    assert!(
        edge.log().contains("the body does not match"),
        "{}",
        edge.log()
    );
}

/// A server of `grpc.health.v1` that speaks just enough HTTP/2, and answers with the given status.
fn grpc_server(status: Arc<AtomicU8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let status = status.load(Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut read = vec![0; 4096];
                let mut request = Vec::new();
                // The request is complete when its message has come.
                while !request
                    .windows(7)
                    .any(|part| part == b"\x00\x00\x00\x00\x05\x0a\x03")
                {
                    match stream.read(&mut read) {
                        Ok(count) if count > 0 => request.extend_from_slice(&read[..count]),
                        _ => return,
                    }
                }
                // SETTINGS and its acknowledgement.
                let mut answer =
                    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00"
                        .to_vec();
                // HEADERS on stream 1: `:status 200`.
                answer.extend_from_slice(b"\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88");
                // DATA: the message `status = N`.
                answer.extend_from_slice(
                    b"\x00\x00\x07\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x02\x08",
                );
                answer.push(status);
                // Trailers: a literal `grpc-status: 0`.
                answer.extend_from_slice(
                    b"\x00\x00\x0f\x01\x05\x00\x00\x00\x01\x00\x0bgrpc-status\x010",
                );
                drop(stream.write_all(&answer));
                drop(stream.read(&mut read));
            });
        }
    });
    address
}

#[test]
fn grpc_asks_the_health_service() {
    let status = Arc::new(AtomicU8::new(1));
    let address = grpc_server(Arc::clone(&status));
    let edge = Edge::start(&config(
        &[server(address, ""), server(free_address(), ", down = true")],
        "type = \"grpc\"\nservice = \"abc\"",
    ));
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(state(&edge, address), "up", "{}", edge.log());
    status.store(2, Ordering::SeqCst);
    edge.eventually("it is not serving", || state(&edge, address) == "unhealthy");
    assert!(edge.log().contains("NOT_SERVING"), "{}", edge.log());
    status.store(1, Ordering::SeqCst);
    edge.eventually("it is serving again", || state(&edge, address) == "up");
}

#[test]
fn a_reload_neither_revives_a_sick_server_nor_stops_its_probes() {
    let (good, gone) = (Origin::saying("good"), free_address());
    let servers = [server(gone, ""), server(good.address, "")];
    let slow = config(&servers, "type = \"tcp\"");
    let edge = Edge::start(&slow);
    edge.eventually("the closed port is out", || {
        state(&edge, gone) == "unhealthy"
    });
    edge.configure(&slow.replace("fall = 2", "fall = 5"));
    assert!(edge.reload().status.success());
    assert_eq!(state(&edge, gone), "unhealthy");
    assert!((0..6).all(|_| edge.get("/").text() == "good"));
    let _back = Origin::start_at(gone, |_, stream| answer(stream, "back"));
    edge.eventually("it is back", || state(&edge, gone) == "up");
}
