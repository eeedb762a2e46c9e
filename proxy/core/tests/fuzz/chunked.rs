//! The chunked coding: however a body arrives it has the same content and the same end.

use edge_core::http::{ChunkError, Chunks, Piece};

use crate::{Verdict, mutate, replay};

#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    content: Vec<u8>,
    /// Bytes that belong to the body.
    used: usize,
    outcome: Result<bool, ChunkError>,
}

/// Decodes a body that arrives in pieces of `size` bytes.
fn decode(bytes: &[u8], size: usize) -> Decoded {
    let mut chunks = Chunks::default();
    let mut decoded = Decoded {
        content: Vec::new(),
        used: 0,
        outcome: Ok(false),
    };
    for piece in bytes.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() && !chunks.is_done() {
            let (skip, data) = match chunks.next(rest) {
                Ok(Piece::Data { skip, data }) => (skip, data),
                Ok(Piece::More) => (rest.len(), 0),
                Ok(Piece::End(framing)) => (framing, 0),
                Err(error) => {
                    decoded.outcome = Err(error);
                    // How far a bad body was read depends on how it arrived.
                    decoded.used = 0;
                    return decoded;
                }
            };
            decoded.content.extend_from_slice(&rest[skip..skip + data]);
            decoded.used += skip + data;
            rest = &rest[skip + data..];
        }
    }
    decoded.outcome = Ok(chunks.is_done());
    decoded
}

fn judge(bytes: &[u8]) -> Verdict {
    let whole = decode(bytes, bytes.len().max(1));
    for size in [1, 2, 3, 5, 8, 13] {
        assert_eq!(decode(bytes, size), whole, "{}", bytes.escape_ascii());
    }
    assert!(whole.used <= bytes.len() && whole.content.len() <= bytes.len());
    match whole.outcome {
        Ok(true) => {
            // What belongs to the body is a body by itself.
            let alone = decode(&bytes[..whole.used], 7);
            assert_eq!(alone, whole, "{}", bytes.escape_ascii());
            Verdict::Good
        }
        Ok(false) => Verdict::Partial,
        Err(_) => Verdict::Bad,
    }
}

#[test]
fn the_corpus() {
    replay("chunked", judge);
}

#[test]
fn mutations_do_not_depend_on_how_they_arrive() {
    mutate("chunked", judge);
}
