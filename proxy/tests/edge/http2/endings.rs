//! Connections to servers that end, or of which nothing is heard any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use h2::Reason;

use super::peer;
use super::servers::edge_to_addresses;
use super::wire::{ACK, Frame, GOAWAY, HEADERS, RST_STREAM, SETTINGS, Server, Wire};
use crate::http::{Connection, request};
use crate::process::Edge;

fn edge_to(servers: &[&Server], more: &str) -> Edge {
    let addresses: Vec<_> = servers.iter().map(|one| one.address).collect();
    edge_to_addresses(&addresses, more)
}

const GET: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n";

fn is_request(frame: &Frame) -> bool {
    frame.kind == HEADERS
}

/// Whether the edge asks for a sign of life.
fn is_question(frame: &Frame) -> bool {
    frame.kind == SETTINGS && frame.flags != ACK
}

/// Says that no stream after `last` was or will be looked at.
fn goaway(wire: &mut Wire, last: u32, reason: Reason) -> bool {
    let payload = [last.to_be_bytes(), u32::from(reason).to_be_bytes()];
    wire.send(GOAWAY, 0, 0, payload.as_flattened()).is_ok()
}

/// Plugged out: its sockets stay open, and nothing comes from them.
#[test]
fn a_server_that_falls_silent_is_found_out() {
    let origin = Server::start(|wire, connection, frame| {
        let first = frame.stream == 1;
        if is_request(frame) && (first || connection > 2) {
            return wire.answer(frame.stream);
        }
        !is_request(frame)
    });
    let edge = edge_to(&[&origin], "keepalive_silence = \"500ms\"");
    let mut client = Connection::new(edge.http);
    let mut ask = |what: &str| client.send(what).reply().unwrap().status;
    assert_eq!(ask(GET), 200);
    assert_eq!(
        ask(GET),
        200,
        "on a new connection, long before the read timeout"
    );
    assert_eq!(origin.connections(), 2);
    // That one falls silent as well, and what may have been carried out is not repeated.
    assert_eq!(ask(POST), 502);
    assert_eq!(ask(POST), 200);
    assert_eq!(origin.connections(), 3);
    assert!(edge.log().contains("no sign of life"), "{}", edge.log());
}

#[test]
fn a_server_that_is_only_slow_is_waited_for() {
    let questions = AtomicUsize::new(0);
    let origin = Server::start(move |wire, _, frame| {
        // The first settings come before any silence.
        if is_question(frame) && questions.fetch_add(1, Ordering::SeqCst) == 2 {
            return wire.answer(1);
        }
        true
    });
    let edge = edge_to(&[&origin], "keepalive_silence = \"800ms\"");
    assert_eq!(edge.get("/").status, 200);
    assert_eq!(origin.connections(), 1);
}

/// RFC 9113 §8.7: it was not looked at, so that any request may be sent again.
#[test]
fn a_refused_stream_is_asked_for_once_more_on_a_new_connection() {
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let origin = Server::start(move |wire, connection, frame| {
        if !is_request(frame) {
            return true;
        }
        // The first connection takes one stream, the second two and says so at the end, the third none.
        if (connection == 1 && frame.stream > 1) || connection == 3 {
            count.fetch_add(1, Ordering::SeqCst);
            let reason = u32::from(Reason::REFUSED_STREAM).to_be_bytes();
            return wire.send(RST_STREAM, 0, frame.stream, &reason).is_ok();
        }
        let last = (connection, frame.stream) == (2, 3);
        wire.answer(frame.stream) && (!last || goaway(wire, 3, Reason::NO_ERROR))
    });
    let edge = edge_to(&[&origin], "");
    let mut client = Connection::new(edge.http);
    let mut ask = || client.send(POST).reply().unwrap().status;
    assert_eq!([ask(), ask(), ask()], [200; 3]);
    assert_eq!(refused.load(Ordering::SeqCst), 1);
    assert_eq!(origin.connections(), 2);
    // A new connection that refuses means it.
    edge.eventually("the edge has heard GOAWAY", || ask() == 502);
    assert_eq!(refused.load(Ordering::SeqCst), 2);
    assert_eq!(origin.connections(), 3);
}

/// Streams up to the last that GOAWAY names are answered, later ones were not looked at.
#[test]
fn goaway_ends_a_connection_without_loss() {
    let origin = Server::start(|wire, connection, frame| match (connection, frame.stream) {
        _ if !is_request(frame) => true,
        // Answered only when the connection takes no more.
        (1, 1) => true,
        (1, 3) => wire.send(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]).is_ok() && wire.answer(1),
        _ => wire.answer(frame.stream),
    });
    let edge = edge_to(&[&origin], "");
    peer::run(async {
        let client = peer::Client::new(edge.http).await;
        let ask = || client.ask(peer::post("/"), b"");
        let (first, second) = tokio::join!(ask(), ask());
        assert_eq!((first.unwrap().status, second.unwrap().status), (200, 200));
        assert_eq!(ask().await.unwrap().status, 200);
    });
    assert_eq!(origin.connections(), 2);
}

/// GOAWAY with an error is no word about streams up to the last that it names.
#[test]
fn streams_that_a_server_may_have_looked_at_are_not_repeated() {
    let origin = Server::start(|wire: &mut Wire, _, frame| {
        if !is_request(frame) {
            return true;
        }
        goaway(wire, 1, Reason::INTERNAL_ERROR);
        drop(wire.stream.shutdown(std::net::Shutdown::Both));
        false
    });
    let good = peer::Server::saying("good");
    let edge = edge_to_addresses(&[origin.address, good.address], "compat = \"nginx\"");
    assert_eq!(request(edge.http, POST).status, 502);
    assert!(good.paths().is_empty());
}
