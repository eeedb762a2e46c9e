//! A response body in the form that the client gets: as it is, in chunks, compressed.

use edge_core::forward::{write_chunk_size, write_trailers};

use crate::compress::Stream;

/// How a response body is sent on.
pub(super) struct Sink {
    /// In chunks, or as it is.
    pub(super) chunked: bool,
    /// Whether the client takes trailers.
    pub(super) trailers: bool,
    /// Compressed, or as it is.
    pub(super) compressed: Option<Stream>,
}

impl Sink {
    /// Whether bytes go on as they come.
    pub(super) fn is_plain(&self) -> bool {
        !self.chunked && self.compressed.is_none()
    }

    /// Bytes that went into the compressor and came out of it.
    pub(super) fn totals(&self) -> Option<(u64, u64)> {
        self.compressed.as_ref().map(Stream::totals)
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.compressed.as_ref().is_some_and(Stream::is_dirty)
    }

    /// Appends content to `out` in the form that the client gets.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, content: &[u8]) {
        if content.is_empty() {
            return;
        }
        match &mut self.compressed {
            None => chunk(out, self.chunked, content),
            Some(stream) => {
                let mut compressed = Vec::new();
                stream.push(&mut compressed, content);
                chunk(out, self.chunked, &compressed);
            }
        }
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some(stream) = &mut self.compressed {
            let mut compressed = Vec::new();
            stream.flush(&mut compressed);
            chunk(out, self.chunked, &compressed);
        }
    }

    /// Ends the body; `trailers` are the server's.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, trailers: &[u8]) {
        if let Some(stream) = &mut self.compressed {
            let mut compressed = Vec::new();
            stream.finish(&mut compressed);
            chunk(out, self.chunked, &compressed);
        }
        if self.chunked {
            out.extend_from_slice(b"0\r\n");
            if self.trailers {
                write_trailers(out, trailers);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn chunk(out: &mut Vec<u8>, chunked: bool, content: &[u8]) {
    if content.is_empty() {
        // An empty chunk would end the body.
        return;
    }
    if chunked {
        write_chunk_size(out, content.len());
    }
    out.extend_from_slice(content);
    if chunked {
        out.extend_from_slice(b"\r\n");
    }
}
