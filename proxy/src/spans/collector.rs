//! The thread that sends spans to the collector: one POST for each batch.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use edge_core::config::Otlp;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::{Counts, Message, encode};

/// Where spans go.
#[derive(Debug)]
pub(super) struct Collector {
    config: Otlp,
    /// The request head up to the length, which is its last line.
    head: String,
    counts: Counts,
    /// Whether the last batch was not taken; that is reported once.
    failing: bool,
}

/// A batch is sent when it has so many requests, or after so long (OpenTelemetry's own defaults are
/// 512 spans and 5 s; operators look at traces sooner).
const BATCH: (usize, Duration) = (256, Duration::from_secs(1));

/// The longest status line that is waited for.
const LONGEST_STATUS: usize = 1024;

impl Collector {
    /// The collector at the configured address; `headers` are lines to send besides.
    pub(super) fn new(config: &Otlp, headers: &str, counts: &Counts) -> Self {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: hifate-edge/{}\r\n\
             Content-Type: application/x-protobuf\r\nConnection: close\r\n{headers}\
             Content-Length: ",
            config.path,
            config.authority,
            env!("CARGO_PKG_VERSION")
        );
        Self {
            config: config.clone(),
            head,
            counts: counts.clone(),
            failing: false,
        }
    }

    /// Sends what comes until nobody is left to send anything.
    pub(super) fn run(mut self, receiver: &Receiver<Message>, waiting: &AtomicUsize) {
        while let Ok(first) = receiver.recv() {
            let mut spans = Vec::new();
            let mut requests = 0;
            let mut next = Ok(first);
            let end = Instant::now() + BATCH.1;
            while let Ok(Message::Request(more)) = next {
                spans.extend(more);
                requests += 1;
                next = if requests < BATCH.0 {
                    receiver.recv_timeout(end.saturating_duration_since(Instant::now()))
                } else {
                    Err(RecvTimeoutError::Timeout)
                };
            }
            self.send(spans);
            waiting.fetch_sub(requests, Ordering::Release);
        }
    }

    fn send(&mut self, spans: Vec<Span>) {
        if spans.is_empty() {
            return;
        }
        let count = spans.len() as u64;
        let result = self.post(&encode::request(spans).encode_to_vec());
        let failed = result.is_err();
        match result {
            Ok(()) => {
                self.counts.exported.inc_by(count);
                if self.failing {
                    tracing::info!("the collector takes spans again");
                }
            }
            Err(error) => {
                self.counts.dropped.inc_by(count);
                if !self.failing {
                    let collector = &self.config.authority;
                    tracing::error!(%collector, %error, spans = count, "spans are lost");
                }
            }
        }
        self.failing = failed;
    }

    fn post(&self, body: &[u8]) -> io::Result<()> {
        let end = Instant::now() + self.config.timeout;
        let mut stream = self.connect()?;
        let head = format!("{}{}\r\n\r\n", self.head, body.len());
        stream.set_write_timeout(Some(self.config.timeout))?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        while !answer.contains(&b'\n') && answer.len() < LONGEST_STATUS {
            let left = end.saturating_duration_since(Instant::now());
            stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            let mut piece = [0; 256];
            let count = stream.read(&mut piece)?;
            if count == 0 {
                break;
            }
            answer.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
        let status = answer.split(|byte| matches!(byte, b' ' | b'\r')).nth(1);
        match status {
            Some([b'2', _, _]) => Ok(()),
            Some(status) => {
                let status = String::from_utf8_lossy(status);
                Err(io::Error::other(format!("the collector answered {status}")))
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        // Looked up each time, since collectors move.
        for address in self.config.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, self.config.timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The header lines of `headers_file`, ready to be sent.
pub(super) fn read_headers(config: &Otlp) -> io::Result<String> {
    let Some(path) = &config.headers_file else {
        return Ok(String::new());
    };
    let mut lines = String::new();
    for line in std::fs::read_to_string(path)?.lines() {
        if line.trim().is_empty() {
            continue;
        }
        let is_header = line.split_once(':').is_some_and(|(name, _)| {
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            !name.is_empty() && name.bytes().all(in_name)
        });
        if !is_header {
            return Err(io::Error::other("a line is not `Name: value`"));
        }
        lines.push_str(line.trim_end());
        lines.push_str("\r\n");
    }
    Ok(lines)
}
