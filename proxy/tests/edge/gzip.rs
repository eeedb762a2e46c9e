//! Compression: what, for whom, and without holding a stream up.

use std::io::{Read as _, Write as _};

use flate2::read::GzDecoder;

use crate::http::{Connection, Reply, request};
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

fn edge_to(origin: &Origin) -> Edge {
    let gzip = "[[site]]\ngzip = { level = 6, min_length = \"100\", types = [\"application/json\", \"text/event-stream\"] }";
    Edge::start(&proxy_to(&[server(origin.address, "")]).replace("[[site]]", gzip))
}

fn json_origin() -> Origin {
    Origin::start(|request, stream| {
        let body = "{\"a\": [0, 1, 2, 3]}".repeat(100);
        let answer = match request.path() {
            "/chunked" => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: \
                 chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            ),
            "/short" => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                         Content-Length: 2\r\n\r\n{}"
                .to_owned(),
            _ => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"e\"\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        };
        stream.write_all(answer.as_bytes()).is_ok()
    })
}

fn ask(edge: &Edge, path: &str, accept: &str) -> Reply {
    let asked = format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accept}\r\n\r\n");
    request(edge.http, &asked)
}

fn unzip(reply: &Reply) -> String {
    let mut text = String::new();
    GzDecoder::new(reply.body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn g1_to_g4_json_is_compressed_for_those_who_ask() {
    let origin = json_origin();
    let edge = edge_to(&origin);
    let plain = ask(&edge, "/", "identity");
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(
        plain.header("vary"),
        Some("Accept-Encoding"),
        "it depends, whoever asks"
    );
    for path in ["/", "/chunked"] {
        let reply = ask(&edge, path, "br, gzip");
        assert_eq!(reply.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(reply.header("content-length"), None);
        assert!(reply.body.len() < plain.body.len() / 10);
        assert_eq!(unzip(&reply), plain.text());
    }
    assert_eq!(ask(&edge, "/", "gzip").header("etag"), Some("W/\"e\""));
    assert_eq!(ask(&edge, "/", "gzip;q=0").header("content-encoding"), None);
    assert_eq!(ask(&edge, "/", "*").header("content-encoding"), None);
    let short = ask(&edge, "/short", "gzip");
    assert_eq!(
        (short.header("content-encoding"), short.header("vary")),
        (None, None)
    );
    let old = request(edge.http, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_eq!(
        (old.header("content-encoding"), old.text()),
        (None, plain.text())
    );
}

/// pingora's compressor and nginx with `proxy_buffering` hold events back; here each one is out
/// before the server is waited for again.
#[test]
fn a_compressed_event_stream_arrives_event_by_event() {
    let (origin, go_on) = Origin::of_events(3);
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    let (status, _) = client.head().unwrap();
    assert_eq!(status, 200);
    let mut compressed = Vec::new();
    for event in 0..3 {
        let expected: String = (0..=event)
            .map(|event| format!("data: {event}\n\n"))
            .collect();
        let mut read = Vec::new();
        while read != expected.as_bytes() {
            compressed.extend(client.chunk().unwrap().expect("the stream goes on"));
            read.clear();
            // The stream is not complete, so the decoder ends with an error after what is there.
            drop(GzDecoder::new(compressed.as_slice()).read_to_end(&mut read));
        }
        go_on.send(()).unwrap();
    }
    while let Some(chunk) = client.chunk().unwrap() {
        compressed.extend(chunk);
    }
    let mut text = String::new();
    GzDecoder::new(compressed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}
