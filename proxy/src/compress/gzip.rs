//! gzip (RFC 1952) by zlib.

use std::io;

use flate2::{Compress, Compression, FlushCompress};

use super::{Compressor, Step};

/// A body in gzip.
pub(super) struct Gzip(Compress);

/// zlib's largest window, as gzip(1) uses.
const WINDOW_BITS: u8 = 15;

impl Gzip {
    /// A compressor of a level of 1 to 9.
    pub(super) fn new(level: u32) -> Self {
        Self(Compress::new_gzip(Compression::new(level), WINDOW_BITS))
    }
}

impl Compressor for Gzip {
    fn run(&mut self, out: &mut Vec<u8>, mut data: &[u8], step: Step) -> io::Result<()> {
        let compress = &mut self.0;
        let flush = match step {
            Step::Push => FlushCompress::None,
            Step::Flush => FlushCompress::Sync,
            Step::Finish => FlushCompress::Finish,
        };
        loop {
            out.reserve(data.len() / 2 + 1024);
            let (read, written) = (compress.total_in(), compress.total_out());
            compress.compress_vec(data, out, flush)?;
            let taken = usize::try_from(compress.total_in() - read).unwrap_or(data.len());
            data = data.get(taken..).unwrap_or_default();
            // Room left in `out` means that the compressor has nothing more to give.
            let stuck = compress.total_out() == written && taken == 0;
            if data.is_empty() && (out.len() < out.capacity() || stuck) {
                return Ok(());
            }
        }
    }

    fn reset(&mut self) -> bool {
        self.0.reset();
        true
    }
}
