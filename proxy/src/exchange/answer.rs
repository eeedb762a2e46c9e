//! What a response head settles: how the body comes, how it goes on, what becomes of both
//! connections.

use std::time::Instant;

use edge_core::encoding::{Compression, Offer};
use edge_core::failure::Failure;
use edge_core::forward::{self, Cookie, ResponseForm};
use edge_core::headers::Edit;
use edge_core::http::{BodyLength, Chunks, Name, Piece, RequestHead, ResponseHead, Version};

use super::After;
use super::body::Sent;
use super::sink::Sink;
use crate::buffer::Buffer;
use crate::compress::Stream;
use crate::pool::Connection;
use crate::snapshot::{Proxy, Site};
use crate::upstream::Lent;
use crate::worker::Worker;

/// A response whose head has been read.
pub(super) struct Answer {
    pub(super) terms: Terms,
    /// The server, until its answer has been read to the end.
    pub(super) server: Option<Engaged>,
    /// What was read of the body and not yet passed on.
    pub(super) buffer: Buffer,
    /// When the server was asked.
    pub(super) started: Instant,
    /// When its head had come, as long as nothing more has been read.
    pub(super) heard: Option<Instant>,
    /// Whether the server sent exactly what it promised.
    pub(super) complete: bool,
}

/// A server that is answering.
#[derive(Debug)]
pub(super) struct Engaged {
    pub(super) connection: Connection,
    pub(super) lent: Lent,
}

/// What the two heads settle.
pub(super) struct Terms {
    pub(super) status: u16,
    /// Whether the protocols are switched with it.
    pub(super) switches: bool,
    /// Where the body ends.
    pub(super) source: Source,
    /// How the body is sent on.
    pub(super) sink: Sink,
    /// Whether the server's connection can serve another request.
    pub(super) reusable: bool,
    /// How much of the body may wait in a file for a slow client; `None`: the server waits for it.
    pub(super) spool: Option<u64>,
    /// What becomes of the client's connection when all is sent.
    pub(super) after: After,
    /// The client's response head, to be sent with the first bytes of the body.
    pub(super) out: Vec<u8>,
}

/// What the edge adds to a response.
#[derive(Clone, Copy)]
pub(super) struct Extra<'a> {
    /// Tells the client with which server to stay.
    pub(super) cookie: Option<Cookie<'a>>,
    /// What the answers before this one leave to it.
    pub(super) kept: &'a [(String, Vec<u8>)],
    /// The status, if it is not the server's.
    pub(super) status: Option<u16>,
    /// What URLs become that begin so.
    pub(super) redirects: &'a [(&'a str, Vec<u8>)],
}

/// Where a response body ends.
pub(super) enum Source {
    /// After so many bytes.
    Known(u64),
    /// With the last chunk.
    Chunked(Chunks),
    /// When the server closes the connection.
    UntilClose,
}

impl Answer {
    /// The answer of the server that was asked at `started`, whose head has just come.
    pub(super) fn new(
        (terms, connection, buffer): (Terms, Connection, Buffer),
        lent: Lent,
        started: Instant,
    ) -> Self {
        let now = Instant::now();
        lent.succeeded(now, now - started);
        Self {
            terms,
            server: Some(Engaged { connection, lent }),
            buffer,
            started,
            heard: Some(now),
            complete: false,
        }
    }

    /// Ends the body as the client gets it.
    pub(super) fn finish(&mut self) {
        let Terms {
            source, sink, out, ..
        } = &mut self.terms;
        let trailers = match source {
            Source::Chunked(chunks) => chunks.trailers(),
            Source::Known(_) | Source::UntilClose => &[],
        };
        sink.finish(out, trailers);
    }

    /// Appends the content of the buffer to the output; whether the body is complete.
    pub(super) fn gather(&mut self) -> Result<bool, Failure> {
        let terms = &mut self.terms;
        loop {
            let filled = self.buffer.filled();
            let (skip, data) = match &mut terms.source {
                Source::Known(0) => return Ok(true),
                _ if filled.is_empty() => return Ok(false),
                Source::Known(left) => {
                    let data =
                        usize::try_from(*left).map_or(filled.len(), |left| left.min(filled.len()));
                    *left -= data as u64;
                    (0, data)
                }
                Source::UntilClose => (0, filled.len()),
                Source::Chunked(chunks) => match chunks.next(filled) {
                    Ok(Piece::Data { skip, data }) => (skip, data),
                    Ok(Piece::More) => (filled.len(), 0),
                    Ok(Piece::End(framing)) => {
                        self.buffer.consume(framing);
                        return Ok(true);
                    }
                    Err(_) => return Err(Failure::InvalidHeader),
                },
            };
            let content = filled.get(skip..skip + data).unwrap_or_default();
            terms.sink.push(&mut terms.out, content);
            self.buffer.consume(skip + data);
        }
    }
}

impl Terms {
    /// A server that did not want the whole request is not asked again on this connection.
    pub(super) fn after_sending(mut self, sent: Sent) -> Self {
        self.reusable &= sent == Sent::All;
        self
    }

    /// Settles the terms, `whole` being whether the request was read to its end, and writes the client's response head to `out`.
    pub(super) fn agree(
        worker: &Worker,
        (request, response): (&RequestHead<'_>, &ResponseHead<'_>),
        (site, proxy): (&Site, &Proxy),
        (extra, edit, whole): (Extra<'_>, &Edit<'_>, bool),
        out: &mut Vec<u8>,
    ) -> Self {
        let eligible = site
            .compression
            .as_ref()
            .filter(|compression| compression.is_eligible(response));
        let offer = eligible.and_then(|compression| chosen(compression, request));
        let compressed = offer.and_then(|offer| worker.compressors.start(offer));
        let source = match response.body {
            BodyLength::Empty => Source::Known(0),
            BodyLength::Known(length) => Source::Known(length),
            BodyLength::Chunked => Source::Chunked(Chunks::default()),
            BodyLength::UntilClose => Source::UntilClose,
        };
        let has_length = matches!(response.body, BodyLength::Empty | BodyLength::Known(_));
        let body = if has_length && compressed.is_none() {
            response.body
        } else if request.version == Version::Http11 {
            BodyLength::Chunked
        } else {
            BodyLength::UntilClose
        };
        let keep = request.keep_alive
            && whole
            && body != BodyLength::UntilClose
            && !worker.edge.is_draining();
        let connection = match (keep, request.version) {
            (true, Version::Http11) => forward::Connection::Keep,
            (true, Version::Http10) => forward::Connection::SayKeep,
            (false, _) => forward::Connection::Close,
        };
        let (second, _) = worker.clock.now();
        let form = ResponseForm {
            body,
            connection,
            date: &second.http,
            coding: compressed.as_ref().map(Stream::coding),
            vary: eligible.is_some() || renews_compressible(site, response),
            cookie: extra.cookie,
            kept: extra.kept,
            status: extra.status,
            redirects: extra.redirects,
            edit,
        };
        forward::write_response(out, response, &form);
        Self {
            status: response.status,
            switches: response.status == 101,
            spool: proxy.terms.buffering.of(response),
            source,
            sink: Sink {
                chunked: body == BodyLength::Chunked,
                trailers: forward::wants_trailers(request),
                compressed,
            },
            reusable: response.keep_alive,
            after: if keep { After::Next } else { After::Finish },
            out: Vec::new(),
        }
    }
}

/// Whether an answer renews one that a client may have kept compressed: it does not say of which type
/// that was, and has to say what it depended on (RFC 9110 §15.4.5).
fn renews_compressible(site: &Site, response: &ResponseHead<'_>) -> bool {
    response.status == 304 && site.compression.is_some()
}

/// How the client wants the body compressed, if at all.
pub(super) fn chosen(compression: &Compression, request: &RequestHead<'_>) -> Option<Offer> {
    // An HTTP/1.0 client may not know chunks, and a compressed body needs them (gzip_http_version
    // 1.1).
    if request.version != Version::Http11 {
        return None;
    }
    compression.choose(&request.headers.all(Name::AcceptEncoding))
}
