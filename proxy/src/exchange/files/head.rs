//! The answer with a file: how much of it, in which form, with which head.

use std::ops::Range;

use edge_core::encoding::{Coding, accepted};
use edge_core::files::{self, Extent, extent};
use edge_core::forward::{self, ResponseForm};
use edge_core::http::{BodyLength, Method, Name, RequestHead, ResponseHead, Version};
use edge_core::reason::Reason;

use super::super::After;
use super::super::answer::chosen;
use super::super::local::{self, Direct};
use super::super::record::{Record, Subject};
use super::super::sink::Sink;
use super::Form;
use super::disk::Source;
use crate::client::Client;
use crate::compress::Stream;
use crate::worker::Worker;

/// A piece of a body.
pub(super) enum Piece {
    Text(Vec<u8>),
    /// This part of the file.
    File(Range<u64>),
}

/// An answer with a file.
pub(super) struct Answer {
    pub(super) pieces: Vec<Piece>,
    pub(super) sink: Sink,
    pub(super) after: After,
    /// The head of the file's own, before the edge has its say.
    own: String,
    /// How the client is to see the body.
    body: BodyLength,
    connection: forward::Connection,
    /// How the body would be compressed if it were sent.
    coding: Option<Coding>,
    vary: bool,
}

impl Answer {
    /// The answer with `source` to `asked`, or why there is none.
    pub(super) fn new(
        worker: &Worker,
        asked: &RequestHead<'_>,
        source: &Source,
        (form, varies): (Form<'_>, bool),
        record: &Record,
    ) -> Result<Self, Box<Direct>> {
        let version = source.version;
        let kind = files::media_type(&source.name);
        let whole = whole(source, &kind);
        let compression = form.site.compression.as_ref();
        let eligible = compression.filter(|compression| {
            let whole = ResponseHead::parse(whole.as_bytes(), false);
            whole.is_ok_and(|whole| compression.is_eligible(&whole))
        });
        let offer = eligible.and_then(|compression| chosen(compression, asked));
        // A page for an error is no answer to the conditions of the request.
        let extent = match form.status {
            None | Some(200) => extent(asked, version),
            Some(_) => Extent::Whole,
        };
        let is_head = asked.method == Method::Head;
        let is_whole = extent == Extent::Whole;
        let compressed = offer.filter(|_| is_whole && !is_head);
        let compressed = compressed.and_then(|offer| worker.compressors.start(offer));
        let (own, pieces) = match extent {
            Extent::Whole => (whole, vec![Piece::File(0..version.length)]),
            Extent::NotModified => (not_modified(source, offer.is_some()), Vec::new()),
            Extent::Parts(parts) => partial(parts, source, &kind, record),
            Extent::OtherVersion => {
                return Err(Box::new(Direct::refusing(Reason::OTHER_VERSION)));
            }
            Extent::Unsatisfiable => {
                let length = format!("bytes */{}", version.length);
                let direct = Direct::refusing(Reason::BEYOND_THE_END);
                return Err(Box::new(direct.with_line("Content-Range", length)));
            }
        };
        // To a HEAD request the same is said as to a GET; how long it would be is not known.
        let would_be = offer.filter(|_| is_whole && is_head);
        let sent = compressed.as_ref().map(Stream::coding);
        let (connection, after) = connection(worker, asked, form.complete);
        Ok(Self {
            pieces: if is_head { Vec::new() } else { pieces },
            body: match (&sent, &would_be) {
                (Some(_), _) => BodyLength::Chunked,
                (None, Some(_)) => BodyLength::UntilClose,
                (None, None) => BodyLength::Empty,
            },
            after,
            connection,
            coding: sent.or(would_be.map(|offer| offer.coding)),
            sink: Sink {
                chunked: compressed.is_some(),
                trailers: false,
                compressed,
            },
            vary: eligible.is_some() || varies,
            own,
        })
    }

    /// Writes the head.
    pub(super) fn write(
        &self,
        worker: &Worker,
        subject: &Subject<'_>,
        client: &Client,
        form: Form<'_>,
        record: &mut Record,
    ) -> Vec<u8> {
        let mut out = worker.buffers.write_buffer();
        // Its body is settled already.
        let Ok(head) = ResponseHead::parse(self.own.as_bytes(), true) else {
            return out;
        };
        let status = form.status.unwrap_or(head.status);
        record.status = status;
        let (second, _) = worker.clock.now();
        let edit = record.edit_answer(worker, status, subject, client);
        let form = ResponseForm {
            body: self.body,
            connection: self.connection,
            date: &second.http,
            coding: self.coding,
            vary: self.vary,
            cookie: None,
            edit: &edit,
            status: form.status,
            redirects: &[],
            kept: &[],
        };
        forward::write_response(&mut out, &head, &form);
        record.answering(&out);
        out
    }
}

/// What becomes of the client's connection.
fn connection(
    worker: &Worker,
    asked: &RequestHead<'_>,
    complete: bool,
) -> (forward::Connection, After) {
    use forward::Connection::{Close, Keep, SayKeep};

    match local::connection(worker, Some(asked), !complete) {
        Close if complete => (Close, After::Finish),
        Close => (Close, After::Linger),
        Keep | SayKeep if asked.version == Version::Http11 => (Keep, After::Next),
        Keep | SayKeep => (SayKeep, After::Next),
    }
}

/// The codings in which a client takes files, the most liked first.
pub(super) fn codings(asked: &RequestHead<'_>) -> Vec<Coding> {
    let lines = asked.headers.iter();
    let lines = lines.filter(|line| line.name == Name::AcceptEncoding);
    accepted(&lines.map(|line| line.value))
}

/// How the file is compressed, in a line, if it is.
fn coding_line(source: &Source) -> String {
    let coding = source.coding.map(Coding::name);
    let line = coding.map(|name| format!("Content-Encoding: {name}\r\n"));
    line.unwrap_or_default()
}

/// The head of the answer with a whole file.
fn whole(source: &Source, kind: &str) -> String {
    let version = source.version;
    let coding = coding_line(source);
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{coding}Content-Length: {}\r\n\
         Last-Modified: {}\r\nETag: {}\r\nAccept-Ranges: bytes\r\n\r\n",
        version.length,
        version.last_modified(),
        version.tag(),
    )
}

/// The head for a client that has the file; `weak` if it has it compressed by the edge.
fn not_modified(source: &Source, weak: bool) -> String {
    let version = source.version;
    let weak = if weak { "W/" } else { "" };
    format!(
        "HTTP/1.1 304 Not Modified\r\nLast-Modified: {}\r\nETag: {weak}{}\r\n\r\n",
        version.last_modified(),
        version.tag(),
    )
}

/// The head and the body for parts of a file (RFC 9110 §15.3.7).
fn partial(
    parts: Vec<Range<u64>>,
    source: &Source,
    kind: &str,
    record: &Record,
) -> (String, Vec<Piece>) {
    let version = source.version;
    let range = |part: &Range<u64>| {
        let last = part.end.saturating_sub(1);
        format!(
            "Content-Range: bytes {}-{last}/{}\r\n",
            part.start, version.length
        )
    };
    let coding = coding_line(source);
    let (kind, line, pieces) = if let [part] = parts.as_slice() {
        (
            kind.to_owned(),
            range(part),
            vec![Piece::File(part.clone())],
        )
    } else {
        let boundary = record.request_id.as_str();
        let mut pieces = Vec::new();
        for part in parts {
            let range = range(&part);
            let head = format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\n{range}\r\n");
            pieces.extend([Piece::Text(head.into_bytes()), Piece::File(part)]);
        }
        let end = format!("\r\n--{boundary}--\r\n");
        pieces.push(Piece::Text(end.into_bytes()));
        let kind = format!("multipart/byteranges; boundary={boundary}");
        (kind, String::new(), pieces)
    };
    let length: u64 = pieces.iter().map(Piece::length).sum();
    let own = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Type: {kind}\r\n{coding}{line}\
         Content-Length: {length}\r\nLast-Modified: {}\r\nETag: {}\r\n\r\n",
        version.last_modified(),
        version.tag(),
    );
    (own, pieces)
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(range) => range.end - range.start,
        }
    }
}
