//! Clients of HTTP/2 that mean harm: each costs a bounded amount of work and memory, is ended, and
//! holds up nobody else.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use h2::Reason;

use super::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, HEADERS, PING, POST, PRIORITY, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, Wire, frame, line,
};
use crate::origin::{Origin, Seen, answer};
use crate::process::{Edge, proxy_to, server};

/// An id that no client uses here.
const STREAM: u32 = 1;

fn edge_with(client: &str, origin: &Origin) -> Edge {
    let site = proxy_to(&[server(origin.address, "")]);
    Edge::start(&format!("[client]\n{client}\n{site}"))
}

/// Others are answered, and of the attacker nothing is left.
fn is_unharmed(edge: &Edge) {
    assert_eq!(edge.get("/").status, 200, "{}", edge.log());
    edge.counts("edge_connections", &[], 0);
    assert_eq!(edge.metric("edge_panics_total", &[]), 0);
}

fn open(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, fields)
}

/// CVE-2023-44487: streams that are opened and reset as fast as can be.
#[test]
fn rapid_resets_end_the_connection() {
    let origin = Origin::saying("x");
    let edge = edge_with("keepalive_requests = 1000000", &origin);
    let cancel = u32::from(Reason::CANCEL).to_be_bytes();
    let pairs: Vec<u8> = (0..50_000)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            [open(stream, GET), frame(RST_STREAM, 0, stream, &cancel)].concat()
        })
        .collect();
    let wire = Wire::client(edge.http, &[]);
    assert_eq!(wire.flood(&pairs), Some(Reason::ENHANCE_YOUR_CALM));
    let asked = origin.seen().len();
    assert!(asked < 1000, "{asked}");
    is_unharmed(&edge);
}

#[test]
fn streams_beyond_the_number_that_is_announced_are_refused() {
    let gate = Arc::new(Mutex::new(()));
    let closed = Arc::clone(&gate);
    let origin = Origin::start(move |_: &Seen, stream: &mut TcpStream| {
        drop(closed.lock());
        answer(stream, "x")
    });
    let edge = edge_with("", &origin);
    let guard = gate.lock().unwrap();
    let mut wire = Wire::client(edge.http, &[]);
    let settings = wire.next(SETTINGS).unwrap().payload;
    let most = settings.chunks(6).find(|setting| setting[..2] == [0, 3]);
    assert_eq!(most.unwrap()[2..], 128u32.to_be_bytes());
    for number in 0..129 {
        wire.stream.write_all(&open(2 * number + 1, GET)).unwrap();
    }
    let refused = wire.next(RST_STREAM).unwrap();
    assert_eq!(
        (refused.stream, refused.reason()),
        (257, Reason::REFUSED_STREAM)
    );
    drop(guard);
    for _ in 0..128 {
        wire.next(HEADERS).unwrap();
    }
    drop(wire);
    edge.counts("edge_requests_total", &["code=\"200\""], 128);
    is_unharmed(&edge);
}

#[test]
fn limits_are_those_of_the_operator() {
    let origin = Origin::saying("x");
    let limits = "http2 = { max_streams = 3, stream_window = '100k', connection_window = '2M', \
                  max_resets = 0, max_overhead = '4k' }";
    let edge = edge_with(limits, &origin);
    let mut wire = Wire::client(edge.http, &[]);
    let said = wire.next(SETTINGS).unwrap().payload;
    let value = |id: u8| {
        let setting = said.chunks(6).find(|setting| setting[..2] == [0, id]);
        u32::from_be_bytes(setting.unwrap()[2..].try_into().unwrap())
    };
    assert_eq!((value(3), value(4)), (3, 100 << 10));
    let update = wire.next(WINDOW_UPDATE).unwrap();
    let by = u32::from_be_bytes(update.payload.try_into().unwrap());
    assert_eq!((update.stream, by), (0, (2 << 20) - 65_535));
    for number in 0..4 {
        wire.send(HEADERS, END_HEADERS, 2 * number + 1, POST)
            .unwrap();
    }
    let refused = wire.next(RST_STREAM).unwrap();
    assert_eq!(
        (refused.stream, refused.reason()),
        (7, Reason::REFUSED_STREAM)
    );
    // While requests are open; 4k are 240 PINGs.
    let reason = wire.flood(&frame(PING, 0, 0, &[0; 8]).repeat(300));
    assert_eq!(reason, Some(Reason::ENHANCE_YOUR_CALM));
    is_unharmed(&edge);
}

/// CVE-2024-27316: a head that never ends.
#[test]
fn endless_heads_end_the_connection() {
    let origin = Origin::saying("x");
    let edge = edge_with("", &origin);
    for fields in [&b""[..], b"\x00\x01a\x01b", &line("a", &"b".repeat(8000))] {
        let mut wire = Wire::client(edge.http, &[]);
        wire.send(HEADERS, END_STREAM, STREAM, GET).unwrap();
        let reason = wire.flood(&frame(CONTINUATION, 0, STREAM, fields).repeat(100));
        assert_eq!(reason, Some(Reason::ENHANCE_YOUR_CALM));
    }
    assert_eq!(edge.metric("edge_requests_total", &[]), 0);
    is_unharmed(&edge);
}

#[test]
fn endless_empty_content_ends_the_connection() {
    let origin = Origin::saying("x");
    let edge = edge_with("", &origin);
    let mut wire = Wire::client(edge.http, &[]);
    wire.send(HEADERS, END_HEADERS, STREAM, POST).unwrap();
    let reason = wire.flood(&frame(DATA, 0, STREAM, &[]).repeat(1000));
    assert_eq!(reason, Some(Reason::ENHANCE_YOUR_CALM));
    is_unharmed(&edge);
}

/// CVE-2019-9512, -9515: frames that have to be answered, or that say nothing, are no requests.
#[test]
fn t4_frames_without_a_request_do_not_keep_a_connection() {
    let origin = Origin::saying("x");
    let edge = edge_with(
        "header_timeout = \"1s\"\nlingering_timeout = \"1s\"",
        &origin,
    );
    let unknown = 0x20;
    std::thread::scope(|scope| {
        for (kind, length, stream) in [
            (PING, 8, 0),
            (SETTINGS, 0, 0),
            (PRIORITY, 5, STREAM),
            (unknown, 9, 0),
        ] {
            let frames = frame(kind, 0, stream, &vec![0; length]).repeat(1000);
            let address = edge.http;
            let deaf = frames.clone();
            scope.spawn(move || Wire::client(address, &[]).flood(&frames));
            scope.spawn(move || Wire::client(address, &[]).flood_deaf(&deaf));
        }
        for _ in 0..20 {
            assert_eq!(edge.get("/").status, 200);
        }
    });
    is_unharmed(&edge);
}

/// CVE-2019-9517: windows that never open.
#[test]
fn t4_a_client_that_takes_nothing_is_given_up() {
    let origin = Origin::saying("x");
    let edge = edge_with("send_timeout = \"500ms\"", &origin);
    // A window of 0.
    let mut wire = Wire::client(edge.http, &[0, 4, 0, 0, 0, 0]);
    for number in 0..100 {
        wire.stream.write_all(&open(2 * number + 1, GET)).unwrap();
    }
    for _ in 0..100 {
        wire.next(RST_STREAM).unwrap();
    }
    edge.counts("edge_upstream_active", &[], 0);
    drop(wire);
    is_unharmed(&edge);
}

/// By our own limits, so that the log has it; also when they are exceeded by far.
#[test]
fn e3_large_heads_are_refused() {
    let origin = Origin::saying("x");
    let edge = edge_with("", &origin);
    let mut wire = Wire::client(edge.http, &[]);
    for (number, size) in [(0, 36_000), (1, 60_000)] {
        let value = "b".repeat(6000);
        let lines: Vec<u8> = (0..size / 6000).flat_map(|_| line("a", &value)).collect();
        let fields = [GET, &lines].concat();
        let stream = 2 * number + 1;
        let mut pieces = fields.chunks(16_000).peekable();
        let mut kind = HEADERS;
        while let Some(piece) = pieces.next() {
            let last = if pieces.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            let ends = if kind == HEADERS { END_STREAM } else { 0 };
            wire.send(kind, last | ends, stream, piece).unwrap();
            kind = CONTINUATION;
        }
        let answer = wire.next(HEADERS).unwrap();
        assert_eq!(answer.stream, stream);
        edge.counts(
            "edge_requests_total",
            &["code=\"431\""],
            u64::from(number) + 1,
        );
    }
    drop(wire);
    assert!(origin.seen().is_empty());
    is_unharmed(&edge);
}
