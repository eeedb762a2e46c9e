//! The chunked transfer coding (RFC 9112 §7.1), decoded in place as bytes arrive.

/// A chunked body that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.explanation())]
pub enum ChunkError {
    /// The size is not a hexadecimal number, or larger than any body.
    Size,
    /// A line or a chunk does not end in CRLF.
    LineEnd,
    /// Extensions or trailers beyond what anybody sends.
    TooLong,
}

impl ChunkError {
    /// What is wrong, for a person.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Size => "a chunk's size is not a hexadecimal number",
            Self::LineEnd => "a chunk does not end where its size says",
            Self::TooLong => "a chunk extension or trailer is too long",
        }
    }
}

/// What the next bytes of a chunked body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// The first `skip` bytes are framing; the `data` bytes after them are content.
    Data {
        /// Bytes of framing before the content.
        skip: usize,
        /// Bytes of content.
        data: usize,
    },
    /// All of the input is framing, and more is needed.
    More,
    /// The body ended after this many bytes of the input.
    End(usize),
}

/// Decodes a chunked body piece by piece. Extensions are read over and dropped, trailers are kept.
#[derive(Debug, Clone, Default)]
pub struct Chunks {
    state: State,
    /// Content bytes left in the chunk being read, or its size while that is being read.
    left: u64,
    /// Bytes seen of the extension or trailer being read.
    skipped: usize,
    /// The lines after the last chunk.
    trailers: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    SizeStart,
    Size,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    EndLineFeed,
    Done,
}

/// The longest extension or trailer section that is read.
const LONGEST_SKIPPED: usize = 8 * 1024;

impl Chunks {
    /// Whether the last chunk and its trailers have been read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The trailer lines, each with its line end, once the body has ended.
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Takes the next piece off `input`; the caller comes again with what is left of it.
    pub fn next(&mut self, input: &[u8]) -> Result<Piece, ChunkError> {
        if self.state == State::Done {
            return Ok(Piece::End(0));
        }
        for (at, byte) in input.iter().copied().enumerate() {
            if self.state == State::Data {
                return Ok(self.take_data(at, input.len() - at));
            }
            self.step(byte)?;
            if self.state == State::Done {
                return Ok(Piece::End(at + 1));
            }
        }
        Ok(Piece::More)
    }

    fn take_data(&mut self, skip: usize, available: usize) -> Piece {
        let data = usize::try_from(self.left).map_or(available, |left| left.min(available));
        self.left -= data as u64;
        if self.left == 0 {
            self.state = State::DataReturn;
        }
        Piece::Data { skip, data }
    }

    /// Consumes one byte of framing.
    fn step(&mut self, byte: u8) -> Result<(), ChunkError> {
        self.state = match (self.state, byte) {
            (State::SizeStart, _) => {
                self.left = u64::from(hex(byte)?);
                State::Size
            }
            (State::Size | State::Extension, b'\r') => State::SizeLineFeed,
            (State::Size, b';' | b' ' | b'\t') => State::Extension,
            (State::Size, _) => {
                let size = self.left.checked_mul(16).ok_or(ChunkError::Size)?;
                self.left = size + u64::from(hex(byte)?);
                State::Size
            }
            (State::Extension | State::Trailer, b'\n') => return Err(ChunkError::LineEnd),
            (State::Extension, _) => self.skip(State::Extension)?,
            (State::SizeLineFeed, b'\n') if self.left == 0 => State::TrailerStart,
            (State::SizeLineFeed, b'\n') => {
                self.skipped = 0;
                State::Data
            }
            (State::DataReturn, b'\r') => State::DataLineFeed,
            (State::DataLineFeed, b'\n') => State::SizeStart,
            (State::TrailerStart, b'\r') => State::EndLineFeed,
            (State::Trailer, b'\r') => State::TrailerLineFeed,
            (State::TrailerStart | State::Trailer, _) => {
                self.trailers.push(byte);
                self.skip(State::Trailer)?
            }
            (State::TrailerLineFeed, b'\n') => {
                self.trailers.extend_from_slice(b"\r\n");
                State::TrailerStart
            }
            (State::EndLineFeed, b'\n') => State::Done,
            (
                State::SizeLineFeed
                | State::DataReturn
                | State::DataLineFeed
                | State::TrailerLineFeed
                | State::EndLineFeed,
                _,
            ) => return Err(ChunkError::LineEnd),
            (State::Data | State::Done, _) => self.state,
        };
        Ok(())
    }

    fn skip(&mut self, state: State) -> Result<State, ChunkError> {
        self.skipped += 1;
        if self.skipped > LONGEST_SKIPPED {
            Err(ChunkError::TooLong)
        } else {
            Ok(state)
        }
    }
}

fn hex(byte: u8) -> Result<u32, ChunkError> {
    char::from(byte).to_digit(16).ok_or(ChunkError::Size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ChunkError, Chunks, Piece};

    /// Decodes `pieces` one after another; the content, and what is left after the end.
    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkError> {
        let mut chunks = Chunks::default();
        let mut content = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            loop {
                match chunks.next(rest)? {
                    Piece::Data { skip, data } => {
                        content.extend_from_slice(&rest[skip..skip + data]);
                        rest = &rest[skip + data..];
                    }
                    Piece::More => break,
                    Piece::End(used) => return Ok((content, Some(rest[used..].to_vec()))),
                }
            }
        }
        Ok((content, None))
    }

    #[test]
    fn decodes_extensions_and_trailers() {
        let body = b"4;name=value\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 1\r\n\r\nGET /";
        assert_eq!(
            decode(&[body]),
            Ok((b"Wikipedia".to_vec(), Some(b"GET /".to_vec())))
        );
    }

    #[test]
    fn trailers_are_kept() {
        let mut chunks = Chunks::default();
        let body = b"0;x\r\nX-Sum: 1\r\nX-End: 2\r\n\r\n";
        assert_eq!(chunks.next(body), Ok(Piece::End(body.len())));
        assert_eq!(chunks.trailers(), b"X-Sum: 1\r\nX-End: 2\r\n");
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        for (body, error) in [
            (&b"-1\r\nx\r\n0\r\n\r\n"[..], ChunkError::Size),
            (b"+1\r\nx\r\n0\r\n\r\n", ChunkError::Size),
            (b"0x1\r\nx\r\n0\r\n\r\n", ChunkError::Size),
            (b"\r\n", ChunkError::Size),
            (b"11111111111111111\r\n", ChunkError::Size),
            (b"1\nx\r\n0\r\n\r\n", ChunkError::Size),
            (b"1;a\nx\r\n0\r\n\r\n", ChunkError::LineEnd),
            (b"1\r\nxy\r\n0\r\n\r\n", ChunkError::LineEnd),
            (b"1\r\nx0\r\n\r\n", ChunkError::LineEnd),
            (b"0\r\nTrailer: a\n\r\n", ChunkError::LineEnd),
        ] {
            assert_eq!(decode(&[body]), Err(error), "{}", body.escape_ascii());
        }
        let endless = [b"1;".as_slice(), &[b'a'; 9000]].concat();
        assert_eq!(decode(&[&endless]), Err(ChunkError::TooLong));
    }

    proptest! {
        #[test]
        fn reads_what_was_written_however_it_arrives(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
            cuts in prop::collection::vec(0usize..400, 0..6),
        ) {
            let mut body = Vec::new();
            for content in &contents {
                body.extend_from_slice(format!("{:x}\r\n", content.len()).as_bytes());
                body.extend_from_slice(content);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\nnext");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.extend([0, body.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &body[ends[0]..ends[1]]).collect();
            let (content, rest) = decode(&pieces).unwrap();
            prop_assert_eq!(content, contents.concat());
            prop_assert!(b"next".starts_with(&rest.unwrap()));
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = decode(&[&bytes]);
        }
    }
}
