//! Compression by what the client likes best: gzip, brotli, zstd.

use std::io::{self, Read, Write as _};

use crate::http::{Connection, Reply, request};
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];

fn edge_to(origin: &Origin) -> Edge {
    let compress = "[[site]]\ncompress = { min_length = \"100\", \
                    types = [\"application/json\", \"text/event-stream\"] }";
    Edge::start(&proxy_to(&[server(origin.address, "")]).replace("[[site]]", compress))
}

fn body() -> String {
    "{\"a\": [0, 1, 2, 3]}".repeat(5000)
}

fn origin() -> Origin {
    Origin::start(|request, stream| {
        let body = body();
        let (status, lines) = match request.path() {
            "/coded" => (200, "Content-Encoding: br\r\n"),
            "/as-it-is" => (200, "Cache-Control: no-transform\r\n"),
            "/error" => (500, ""),
            _ => (200, "ETag: \"e\"\r\nAccept-Ranges: bytes\r\n"),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{lines}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).is_ok()
    })
}

fn ask(edge: &Edge, path: &str, lines: &str) -> Reply {
    let asked = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    request(edge.http, &asked)
}

/// What `data` says; an error if it is not complete, `read` having what there is.
fn decode(coding: &str, data: &[u8], read: &mut Vec<u8>) -> io::Result<usize> {
    let mut decoder: Box<dyn Read + '_> = match coding {
        "br" => Box::new(brotli::Decompressor::new(data, 4096)),
        "zstd" => Box::new(zstd::Decoder::new(data)?),
        _ => Box::new(flate2::read::GzDecoder::new(data)),
    };
    decoder.read_to_end(read)
}

#[test]
fn g5_each_coding_gives_back_what_the_server_sent() {
    let origin = origin();
    let edge = edge_to(&origin);
    for coding in CODINGS {
        // The second time the compressor is a used one.
        for _ in 0..2 {
            let reply = ask(&edge, "/", &format!("Accept-Encoding: {coding}\r\n"));
            assert_eq!(reply.status, 200);
            for (name, value) in [
                ("content-encoding", Some(coding)),
                ("vary", Some("Accept-Encoding")),
                ("etag", Some("W/\"e\"")),
                ("content-length", None),
                ("accept-ranges", None),
            ] {
                assert_eq!(reply.header(name), value, "{coding}: {name}");
            }
            assert!(reply.body.len() < body().len() / 20, "{coding}");
            let mut text = Vec::new();
            decode(coding, &reply.body, &mut text).unwrap();
            assert_eq!(text, body().as_bytes(), "{coding}");
        }
    }
}

#[test]
fn g5_the_client_chooses() {
    let origin = origin();
    let edge = edge_to(&origin);
    for (lines, coding) in [
        ("Accept-Encoding: gzip, deflate, br, zstd\r\n", Some("zstd")),
        ("Accept-Encoding: gzip, deflate, br\r\n", Some("br")),
        ("Accept-Encoding: zstd;q=0.5, gzip;q=0.7\r\n", Some("gzip")),
        (
            "Accept-Encoding: zstd;q=0.5\r\nAccept-Encoding: br\r\n",
            Some("br"),
        ),
        ("Accept-Encoding: zstd;q=0, br;q=0, gzip;q=0\r\n", None),
        ("Accept-Encoding: *\r\n", None),
        ("", None),
    ] {
        let reply = ask(&edge, "/", lines);
        assert_eq!(reply.header("content-encoding"), coding, "{lines}");
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"), "{lines}");
    }
}

#[test]
fn g5_some_answers_go_on_as_they_are() {
    let origin = origin();
    let edge = edge_to(&origin);
    for (path, coding) in [
        ("/coded", Some("br")),
        ("/as-it-is", None),
        ("/error", None),
    ] {
        let reply = ask(&edge, path, "Accept-Encoding: zstd, br, gzip\r\n");
        assert_eq!(reply.header("content-encoding"), coding, "{path}");
        assert_eq!(reply.header("vary"), None, "{path}");
        assert_eq!(reply.text(), body(), "{path}");
    }
    let old = "GET / HTTP/1.0\r\nAccept-Encoding: zstd, br, gzip\r\n\r\n";
    let old = request(edge.http, old);
    assert_eq!(old.header("content-encoding"), None);
    assert_eq!(old.text(), body());
}

#[test]
fn g5_an_event_stream_arrives_event_by_event_in_each_coding() {
    for coding in CODINGS {
        event_by_event(coding);
    }
}

fn event_by_event(coding: &str) {
    let (origin, go_on) = Origin::of_events(5);
    let edge = edge_to(&origin);
    let mut client = Connection::new(edge.http);
    client.send(format!(
        "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n"
    ));
    assert_eq!(client.head().unwrap().0, 200);
    let (mut compressed, mut expected, mut read) = (Vec::new(), String::new(), Vec::new());
    for event in 0..5 {
        expected.extend(["data: ", &event.to_string(), "\n\n"]);
        while read != expected.as_bytes() {
            compressed.extend(client.chunk().unwrap().expect("the stream goes on"));
            read.clear();
            // The stream is not complete, so the decoder ends with an error after what is there.
            drop(decode(coding, &compressed, &mut read));
        }
        go_on.send(()).unwrap();
    }
    while let Some(chunk) = client.chunk().unwrap() {
        compressed.extend(chunk);
    }
    read.clear();
    decode(coding, &compressed, &mut read).unwrap();
    assert_eq!(read, expected.as_bytes(), "{coding}");
}
