//! Frames to the bytes of an HTTP/1.1 message: a pure state machine.

use bytes::{Buf as _, Bytes};
use edge_core::forward::write_chunk_size;
use edge_core::http::{WEBSOCKET, websocket_key};
use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request, response};
use tokio::io::ReadBuf;

use super::websocket::{self, Connect};

/// A message on its way from frames to bytes.
#[derive(Debug)]
pub(super) struct Encoder {
    /// Head and framing, of which the first `read` bytes have been read.
    text: Vec<u8>,
    read: usize,
    /// Content behind the text.
    content: Bytes,
    chunks: Chunks,
    ended: bool,
}

/// Whether content is framed in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunks {
    /// It is not: its length is in the head.
    No,
    /// The first is to come.
    First,
    /// The line end of the last one is to come.
    Later,
}

impl Encoder {
    /// A request for a WebSocket (RFC 8441), with a key made of `nonce`. What its client sends follows
    /// the head as it is.
    pub(super) fn websocket_request(head: &request::Parts, nonce: [u8; 16]) -> Self {
        let mut text = Vec::with_capacity(512);
        write_request_line(&mut text, Method::GET.as_str(), head);
        write_fields(&mut text, head, |name| !websocket::is_of_handshake(name));
        write_switch(&mut text);
        write_line(
            &mut text,
            "sec-websocket-key",
            websocket_key(nonce).as_bytes(),
        );
        Self::new(text, false, false)
    }

    /// The answer that there is a WebSocket, to a client that expects `accept`.
    pub(super) fn websocket_response(head: &response::Parts, accept: &HeaderValue) -> Self {
        let mut text = Vec::with_capacity(512);
        text.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        for (name, value) in &head.headers {
            if !websocket::is_of_handshake(name) {
                write_line(&mut text, name.as_str(), value.as_bytes());
            }
        }
        write_switch(&mut text);
        write_line(&mut text, "sec-websocket-accept", accept.as_bytes());
        Self::new(text, false, false)
    }

    /// A request; `ended`: it has no content.
    pub(super) fn request(head: &request::Parts, ended: bool) -> Self {
        let mut text = Vec::with_capacity(512);
        write_request_line(&mut text, head.method.as_str(), head);
        write_fields(&mut text, head, |_| true);
        if websocket::connect(head) == Some(Connect::Other) {
            // Which one, is the client's text; that it is another is enough for the gate.
            write_line(&mut text, "upgrade", b"other");
        }
        let chunked = !ended && !head.headers.contains_key(CONTENT_LENGTH);
        Self::new(text, chunked, ended)
    }

    /// The response to a request of this method; `ended`: it has no content.
    ///
    /// It says that the connection closes: the exchange is not to keep what is but a stream.
    pub(super) fn response(head: &response::Parts, method: &Method, ended: bool) -> Self {
        let mut text = Vec::with_capacity(512);
        let status = head.status;
        let reason = status.canonical_reason().unwrap_or_default();
        text.extend_from_slice(b"HTTP/1.1 ");
        text.extend_from_slice(status.as_str().as_bytes());
        text.push(b' ');
        text.extend_from_slice(reason.as_bytes());
        text.extend_from_slice(b"\r\n");
        for (name, value) in &head.headers {
            write_line(&mut text, name.as_str(), value.as_bytes());
        }
        write_line(&mut text, "connection", b"close");
        let bodiless = *method == Method::HEAD
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        let has_length = head.headers.contains_key(CONTENT_LENGTH);
        if ended && !has_length && !bodiless {
            write_line(&mut text, "content-length", b"0");
        }
        Self::new(text, !ended && !has_length && !bodiless, ended)
    }

    fn new(mut text: Vec<u8>, chunked: bool, ended: bool) -> Self {
        if chunked {
            write_line(&mut text, "transfer-encoding", b"chunked");
        }
        text.extend_from_slice(b"\r\n");
        Self {
            text,
            read: 0,
            content: Bytes::new(),
            chunks: if chunked { Chunks::First } else { Chunks::No },
            ended,
        }
    }

    /// Whether all that was put in has been read.
    pub(super) fn is_drained(&self) -> bool {
        self.read == self.text.len() && self.content.is_empty()
    }

    /// Whether nothing more is to come.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Puts content in, once what was put in before is [drained](Self::is_drained).
    pub(super) fn put(&mut self, content: Bytes) {
        // A chunk of no bytes would be the last.
        if content.is_empty() {
            return;
        }
        self.begin_text();
        if self.chunks != Chunks::No {
            self.end_chunk();
            write_chunk_size(&mut self.text, content.len());
            self.chunks = Chunks::Later;
        }
        self.content = content;
    }

    /// Ends the message. Trailers have no place behind content whose length is in the head, and are
    /// dropped there.
    pub(super) fn end(&mut self, trailers: Option<&HeaderMap>) {
        self.begin_text();
        self.ended = true;
        if self.chunks != Chunks::No {
            self.end_chunk();
            self.text.extend_from_slice(b"0\r\n");
            for (name, value) in trailers.into_iter().flatten() {
                write_line(&mut self.text, name.as_str(), value.as_bytes());
            }
            self.text.extend_from_slice(b"\r\n");
        }
    }

    fn begin_text(&mut self) {
        self.text.clear();
        self.read = 0;
    }

    fn end_chunk(&mut self) {
        if self.chunks == Chunks::Later {
            self.text.extend_from_slice(b"\r\n");
        }
    }

    /// Fills `room`; how much of that was content.
    pub(super) fn read(&mut self, room: &mut ReadBuf<'_>) -> usize {
        let text = self.text.get(self.read..).unwrap_or_default();
        let count = text.len().min(room.remaining());
        room.put_slice(text.get(..count).unwrap_or_default());
        self.read += count;
        if self.read < self.text.len() {
            return 0;
        }
        let count = self.content.len().min(room.remaining());
        room.put_slice(self.content.get(..count).unwrap_or_default());
        self.content.advance(count);
        count
    }
}

fn authority(head: &request::Parts) -> Option<&str> {
    head.uri.authority().map(http::uri::Authority::as_str)
}

fn write_request_line(text: &mut Vec<u8>, method: &str, head: &request::Parts) {
    text.extend_from_slice(method.as_bytes());
    text.push(b' ');
    // CONNECT has no path (RFC 9113 §8.5); the gate refuses it by its name.
    let target = head
        .uri
        .path_and_query()
        .map(http::uri::PathAndQuery::as_str);
    let target = target.or(authority(head)).unwrap_or("/");
    text.extend_from_slice(target.as_bytes());
    text.extend_from_slice(b" HTTP/1.1\r\n");
}

/// The header lines that `goes_on` lets pass.
fn write_fields(text: &mut Vec<u8>, head: &request::Parts, goes_on: impl Fn(&HeaderName) -> bool) {
    let authority = authority(head);
    if let Some(authority) = authority {
        write_line(text, "host", authority.as_bytes());
    }
    let mut cookies = false;
    for (name, value) in head.headers.iter().filter(|(name, _)| goes_on(name)) {
        if name == HOST && authority.is_some_and(|host| same(host, value.as_bytes())) {
            continue;
        }
        if name == COOKIE {
            cookies = true;
        } else {
            write_line(text, name.as_str(), value.as_bytes());
        }
    }
    if cookies {
        write_cookies(text, &head.headers);
    }
}

/// Host and `:authority` that differ both go to the gate, which refuses two (RFC 9113 §8.3.1).
fn same(authority: &str, host: &[u8]) -> bool {
    authority.as_bytes().eq_ignore_ascii_case(host)
}

fn write_switch(text: &mut Vec<u8>) {
    write_line(text, "connection", b"Upgrade");
    write_line(text, "upgrade", WEBSOCKET.as_bytes());
}

/// HTTP/2 may spread cookies over lines, HTTP/1 may not (RFC 9113 §8.2.3).
fn write_cookies(text: &mut Vec<u8>, headers: &HeaderMap) {
    let mut lead: &[u8] = b"cookie: ";
    for value in headers.get_all(COOKIE) {
        text.extend_from_slice(lead);
        text.extend_from_slice(value.as_bytes());
        lead = b"; ";
    }
    text.extend_from_slice(b"\r\n");
}

fn write_line(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b": ");
    text.extend_from_slice(value);
    text.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
