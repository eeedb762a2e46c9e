//! brotli (RFC 7932).

use std::io::{self, Write as _};
use std::mem;

use brotli::CompressorWriter;

use super::{Compressor, Step, WINDOW_BITS};

/// A body in brotli; `None` after its end.
pub(super) struct Brotli(Option<CompressorWriter<Vec<u8>>>);

/// How much comes out at a time.
const PIECE: usize = 4096;

impl Brotli {
    /// A compressor of a level of 0 to 11.
    pub(super) fn new(level: u32) -> Self {
        let writer = CompressorWriter::new(Vec::new(), PIECE, level, WINDOW_BITS);
        Self(Some(writer))
    }
}

impl Compressor for Brotli {
    fn run(&mut self, out: &mut Vec<u8>, data: &[u8], step: Step) -> io::Result<()> {
        let Some(mut writer) = self.0.take() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // It writes to a vector of its own, which is `out` for as long as this takes.
        mem::swap(writer.get_mut(), out);
        let result = writer.write_all(data).and_then(|()| match step {
            Step::Push | Step::Finish => Ok(()),
            Step::Flush => writer.flush(),
        });
        if step == Step::Finish {
            *out = writer.into_inner();
        } else {
            mem::swap(writer.get_mut(), out);
            self.0 = Some(writer);
        }
        result
    }

    /// The library has no way to begin anew.
    fn reset(&mut self) -> bool {
        false
    }
}
