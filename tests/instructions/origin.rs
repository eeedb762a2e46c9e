//! The server behind the edge: fixed answers, each sent at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Starts it; it runs for as long as the test does.
pub(crate) fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// Answers requests until the connection ends.
fn serve(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut path = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line == "\r\n" {
                break;
            }
            if path.is_empty() {
                line.split(' ').nth(1)?.clone_into(&mut path);
            } else if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        stream.write_all(&answer(&path)).ok()?;
    }
}

fn answer(path: &str) -> Vec<u8> {
    let (kind, body) = match path {
        "/100k" => ("text/plain", "x".repeat(100 * 1024)),
        "/json" => ("application/json", json()),
        _ => ("text/plain", "x".repeat(1024)),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sat, 28 Nov 2026 04:00:00 GMT\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\nETag: \"5f3f6f4a10-400\"\r\n\
         Cache-Control: no-cache\r\nConnection: keep-alive\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Some 30 KB that compress like an answer of an API.
fn json() -> String {
    let item = |number: u32| {
        let pillar = number * 7 % 60;
        format!(
            "{{\"index\":{number},\"pillar\":{pillar},\"name\":\"chart {number}\",\"hidden\":[1,{pillar}]}}"
        )
    };
    let items: Vec<_> = (0..480).map(item).collect();
    format!("[{}]", items.join(","))
}
