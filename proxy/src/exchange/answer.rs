//! What a response head settles: how the body comes, how it goes on, what becomes of both
//! connections.

use std::time::Instant;

use edge_core::encoding::accepts_gzip;
use edge_core::forward::{self, Cookie, ResponseForm};
use edge_core::http::{BodyLength, Chunks, Name, RequestHead, ResponseHead, Version};

use super::After;
use crate::buffer::Buffer;
use crate::gzip::GzipStream;
use crate::pool::Connection;
use crate::snapshot::Site;
use crate::upstream::Lent;
use crate::worker::Worker;

/// A response whose head has been read.
pub(super) struct Answer {
    pub(super) terms: Terms,
    /// The server's connection.
    pub(super) connection: Connection,
    /// What of the body came with the head.
    pub(super) buffer: Buffer,
    /// Which server, busy with it until this is dropped.
    pub(super) lent: Lent,
    /// When it was asked.
    pub(super) started: Instant,
}

/// What the two heads settle.
pub(super) struct Terms {
    pub(super) status: u16,
    /// Where the body ends.
    pub(super) source: Source,
    /// How the body is sent on.
    pub(super) sink: Sink,
    /// Whether the server's connection can serve another request.
    pub(super) reusable: bool,
    /// What becomes of the client's connection when all is sent.
    pub(super) after: After,
    /// The client's response head, to be sent with the first bytes of the body.
    pub(super) out: Vec<u8>,
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

/// How a response body is sent on.
pub(super) struct Sink {
    /// In chunks, or as it is.
    pub(super) chunked: bool,
    /// Compressed, or as it is.
    pub(super) gzip: Option<GzipStream>,
}

impl Terms {
    /// Settles the terms and writes the client's response head to `out`.
    pub(super) fn agree(
        worker: &Worker,
        (request, response): (&RequestHead<'_>, &ResponseHead<'_>),
        site: &Site,
        cookie: Option<Cookie<'_>>,
        out: &mut Vec<u8>,
    ) -> Self {
        let eligible = site.gzip.as_ref().filter(|gzip| gzip.is_eligible(response));
        let gzip = eligible.filter(|_| wants_gzip(request));
        let source = match response.body {
            BodyLength::Empty => Source::Known(0),
            BodyLength::Known(length) => Source::Known(length),
            BodyLength::Chunked => Source::Chunked(Chunks::default()),
            BodyLength::UntilClose => Source::UntilClose,
        };
        let has_length = matches!(response.body, BodyLength::Empty | BodyLength::Known(_));
        let body = if has_length && gzip.is_none() {
            response.body
        } else if request.version == Version::Http11 {
            BodyLength::Chunked
        } else {
            BodyLength::UntilClose
        };
        let keep =
            request.keep_alive && body != BodyLength::UntilClose && !worker.edge.is_draining();
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
            gzip: gzip.is_some(),
            vary: eligible.is_some(),
            cookie,
        };
        forward::write_response(out, response, &form);
        Self {
            status: response.status,
            source,
            sink: Sink {
                chunked: body == BodyLength::Chunked,
                gzip: gzip.map(|gzip| worker.compressors.start(gzip.level)),
            },
            reusable: response.keep_alive,
            after: if keep { After::Next } else { After::Finish },
            out: Vec::new(),
        }
    }
}

fn wants_gzip(request: &RequestHead<'_>) -> bool {
    // An HTTP/1.0 client may not know chunks, and gzip needs them (gzip_http_version 1.1).
    request.version == Version::Http11
        && request
            .headers
            .iter()
            .any(|header| header.name == Name::AcceptEncoding && accepts_gzip(header.value))
}
