//! A small https server, one connection for each request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use super::authority::PATIENCE;
use crate::upstream_tls::Authority;

/// An answer.
pub(super) struct Response {
    pub(super) status: u16,
    kind: &'static str,
    pub(super) lines: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let kind = if status < 400 {
            "application/json"
        } else {
            "application/problem+json"
        };
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        Self {
            status,
            kind,
            lines: Vec::new(),
            body,
        }
    }

    pub(super) fn pem(chain: &str) -> Self {
        Self {
            kind: "application/pem-certificate-chain",
            body: chain.as_bytes().to_vec(),
            ..Self::json(200, &Value::Null)
        }
    }
}

pub(super) fn bind() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// Answers with the certificate `file` for as long as the tests run.
pub(super) fn serve(
    listener: TcpListener,
    authority: &Authority,
    file: &str,
    answer: impl Fn(&str, &str, &[u8]) -> Response + Send + Sync + 'static,
) {
    let config = Arc::new(authority.server(file));
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
            // Whoever leaves in the middle is not heard of again.
            std::thread::spawn(move || one(stream.unwrap(), config, &*answer).ok());
        }
    });
}

fn one(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answer: &dyn Fn(&str, &str, &[u8]) -> Response,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let response = answer(&method, &path, &body);
    let mut text = format!(
        "HTTP/1.1 {} x\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
        response.status,
        response.kind,
        response.body.len()
    );
    for (name, value) in &response.lines {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    let stream = stream.get_mut();
    stream.write_all(text.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&response.body)?;
    }
    stream.conn.send_close_notify();
    stream.flush()
}
