//! zstd (RFC 8878).

use std::io;

use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation as _, OutBuffer};

use super::{Compressor, Step, WINDOW_BITS};

/// A body in zstd.
pub(super) struct Zstd(Encoder<'static>);

impl Zstd {
    /// A compressor of a level of 1 to 19.
    pub(super) fn new(level: u32) -> io::Result<Self> {
        let level = i32::try_from(level).map_err(io::Error::other)?;
        let mut encoder = Encoder::new(level)?;
        encoder.set_parameter(CParameter::WindowLog(WINDOW_BITS))?;
        Ok(Self(encoder))
    }
}

impl Compressor for Zstd {
    fn run(&mut self, out: &mut Vec<u8>, data: &[u8], step: Step) -> io::Result<()> {
        let mut input = InBuffer::around(data);
        loop {
            let left = data.len() - input.pos();
            out.reserve(left / 2 + 1024);
            let filled = out.len();
            let mut output = OutBuffer::around_pos(out, filled);
            let left = if left > 0 {
                self.0.run(&mut input, &mut output)?;
                data.len() - input.pos()
            } else {
                0
            };
            let held = match step {
                _ if left > 0 => left,
                Step::Push => 0,
                Step::Flush => self.0.flush(&mut output)?,
                Step::Finish => self.0.finish(&mut output, false)?,
            };
            if held == 0 {
                return Ok(());
            }
        }
    }

    fn reset(&mut self) -> bool {
        self.0.reinit().is_ok()
    }
}
