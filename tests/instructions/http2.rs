//! A client of HTTP/2 (RFC 9113) that asks for one thing over and over, one stream at a time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Such a client.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    /// The header block, of literals (RFC 7541 §6.2.3).
    block: Vec<u8>,
    number: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

impl Client {
    /// Begins on a connection.
    pub(crate) fn new(mut stream: TcpStream, host: &str, path: &str, lines: &str) -> Self {
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
        stream.write_all(&frame(SETTINGS, ACK, 0, &[])).unwrap();
        let mut block = Vec::new();
        let pseudo = [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", host),
            (":path", path),
        ];
        let lines = lines.lines().filter_map(|line| line.split_once(": "));
        for (name, value) in pseudo.into_iter().chain(lines) {
            block.push(0);
            for text in [&name.to_ascii_lowercase(), value] {
                push_string(&mut block, text);
            }
        }
        Self {
            stream,
            block,
            number: 1,
        }
    }

    /// Asks, and reads the answer to its end.
    pub(crate) fn ask(&mut self) {
        let flags = END_STREAM | END_HEADERS;
        let mut out = frame(HEADERS, flags, self.number, &self.block);
        // What the last answer took of the connection's window.
        out.extend(frame(WINDOW_UPDATE, 0, 0, &1024_u32.to_be_bytes()));
        self.stream.write_all(&out).unwrap();
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).unwrap();
            let (kind, flags) = (head[3], head[4]);
            assert!(
                matches!(kind, DATA | HEADERS | SETTINGS | WINDOW_UPDATE),
                "{head:?}"
            );
            if kind == DATA && flags & END_STREAM != 0 {
                break;
            }
        }
        self.number += 2;
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// RFC 7541 §5.2, without Huffman's code; §5.1 for its length.
fn push_string(block: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()).unwrap() {
        length @ 0..127 => block.push(length),
        length => block.extend([127, length - 127]),
    }
    block.extend(text.as_bytes());
}
