//! A client that makes one request over and over.

use std::io::{Read, Write};

/// A request, as it is sent.
#[derive(Debug)]
pub(crate) struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// A GET, or with a `body` a POST of so many bytes.
    pub(crate) fn new(host: &str, path: &str, lines: &str, body: usize) -> Self {
        let (method, length) = match body {
            0 => ("GET", String::new()),
            length => ("POST", format!("Content-Length: {length}\r\n")),
        };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n");
        Self {
            bytes: [head.into_bytes(), vec![b'x'; body]].concat(),
        }
    }

    /// Makes it, and reads the answer to its end.
    pub(crate) fn make(&self, stream: &mut (impl Read + Write)) {
        stream.write_all(&self.bytes).unwrap();
        stream.flush().unwrap();
        let mut answer = Vec::new();
        let mut piece = vec![0; 64 * 1024];
        while !is_complete(&answer) {
            let read = stream.read(&mut piece).unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&piece[..read]);
        }
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let status = head.split(' ').nth(1).unwrap();
    assert!(matches!(status, "200" | "301"), "{head}");
    let lower = head.to_ascii_lowercase();
    match lower.split_once("content-length: ") {
        Some((_, rest)) => {
            let length: usize = rest.lines().next().unwrap().parse().unwrap();
            answer.len() >= end + 4 + length
        }
        None => answer.ends_with(b"\r\n0\r\n\r\n"),
    }
}
