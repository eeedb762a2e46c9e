//! A response body, compressed on its way.

mod brotli;
mod gzip;
mod zstd;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use edge_core::encoding::{Coding, Offer};

use crate::buffer::lock;

/// A worker's spare compressors: each holds from a quarter of a megabyte to some megabytes that need
/// not be made anew.
#[derive(Debug, Default)]
pub(crate) struct Compressors(Arc<Mutex<Vec<Spare>>>);

/// A body being compressed.
#[derive(Debug)]
pub(crate) struct Stream {
    offer: Offer,
    /// Taken out only when dropped.
    compressor: Option<Box<dyn Compressor>>,
    home: Arc<Mutex<Vec<Spare>>>,
    /// Whether the compressor holds bytes back.
    dirty: bool,
    read: u64,
    written: u64,
}

/// What a coding does.
trait Compressor: Send {
    /// Compresses `data` and appends what comes out of it to `out`. It fails only when it is used
    /// after its end.
    fn run(&mut self, out: &mut Vec<u8>, data: &[u8], step: Step) -> io::Result<()>;

    /// Forgets the body, finished or not; whether it can take another.
    fn reset(&mut self) -> bool;
}

impl fmt::Debug for dyn Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compressor")
    }
}

/// What becomes of the bytes that a compressor holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// They wait for more.
    Push,
    /// They come out, and the body goes on.
    Flush,
    /// They come out, and the body ends.
    Finish,
}

#[derive(Debug)]
struct Spare {
    offer: Offer,
    compressor: Box<dyn Compressor>,
}

/// Spare compressors kept.
const MOST_SPARE: usize = 8;

/// The window of brotli and zstd as a power of two: half a megabyte, as in nginx's brotli module.
/// More would help large files only, and each response being sent holds as much.
const WINDOW_BITS: u32 = 19;

impl Compressors {
    /// Starts a body; `None` if there is no room for it.
    pub(crate) fn start(&self, offer: Offer) -> Option<Stream> {
        let spare = self.spare(offer);
        let compressor = match spare {
            Some(compressor) => compressor,
            None => made(offer)
                .inspect_err(|error| tracing::error!(%error, "there is no compressor"))
                .ok()?,
        };
        Some(Stream {
            offer,
            compressor: Some(compressor),
            home: Arc::clone(&self.0),
            dirty: false,
            read: 0,
            written: 0,
        })
    }

    fn spare(&self, offer: Offer) -> Option<Box<dyn Compressor>> {
        let mut spare = lock(&self.0);
        let index = spare.iter().position(|other| other.offer == offer)?;
        Some(spare.swap_remove(index).compressor)
    }
}

fn made(offer: Offer) -> io::Result<Box<dyn Compressor>> {
    Ok(match offer.coding {
        Coding::Gzip => Box::new(gzip::Gzip::new(offer.level)),
        Coding::Brotli => Box::new(brotli::Brotli::new(offer.level)),
        Coding::Zstd => Box::new(zstd::Zstd::new(offer.level)?),
    })
}

impl Stream {
    /// How the body is compressed.
    pub(crate) fn coding(&self) -> Coding {
        self.offer.coding
    }

    /// Whether bytes of the body are held back.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Bytes that went in and came out so far.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.read, self.written)
    }

    /// Compresses `data`; what the compressor gives out at once is appended to `out`.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        self.run(out, data, Step::Push);
        self.dirty = true;
    }

    /// Appends everything held back to `out`, so that the client can read it now.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        self.run(out, &[], Step::Flush);
        self.dirty = false;
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.run(out, &[], Step::Finish);
        self.dirty = false;
    }

    fn run(&mut self, out: &mut Vec<u8>, data: &[u8], step: Step) {
        let Some(compressor) = &mut self.compressor else {
            return;
        };
        let before = out.len();
        if let Err(error) = compressor.run(out, data, step) {
            tracing::error!(%error, "a response body cannot be compressed");
        }
        self.read += data.len() as u64;
        self.written += (out.len() - before) as u64;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut spare = lock(&self.home);
        if let Some(mut compressor) = self.compressor.take()
            && spare.len() < MOST_SPARE
            && compressor.reset()
        {
            spare.push(Spare {
                offer: self.offer,
                compressor,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use edge_core::encoding::{Coding, Offer};

    use super::{Compressors, lock};

    const TEXT: &str = "{\"number\": 123456, \"list\": [0, 1, 2, 3]}\n";

    fn decoded(coding: Coding, data: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder: Box<dyn std::io::Read> = match coding {
            Coding::Gzip => Box::new(flate2::read::GzDecoder::new(data)),
            Coding::Brotli => Box::new(::brotli::Decompressor::new(data, 4096)),
            Coding::Zstd => Box::new(::zstd::Decoder::new(data).unwrap()),
        };
        decoder.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_level_of_every_coding_gives_back_what_went_in() {
        for (coding, levels, spare) in [
            (Coding::Gzip, 1..=9, 1),
            (Coding::Brotli, 0..=11, 0),
            (Coding::Zstd, 1..=19, 1),
        ] {
            for level in levels {
                let compressors = Compressors::default();
                let offer = Offer { coding, level };
                // A body that was given up leaves nothing to the next.
                let mut stream = compressors.start(offer).unwrap();
                stream.push(&mut Vec::new(), b"given up");
                drop(stream);
                for _ in 0..2 {
                    let mut stream = compressors.start(offer).unwrap();
                    let (mut out, mut expected) = (Vec::new(), String::new());
                    for part in 0..40 {
                        let part = TEXT.repeat(part * 7);
                        stream.push(&mut out, part.as_bytes());
                        assert!(stream.is_dirty());
                        stream.flush(&mut out);
                        assert!(!stream.is_dirty());
                        expected.push_str(&part);
                    }
                    let long = "x".repeat(300_000);
                    stream.push(&mut out, long.as_bytes());
                    expected.push_str(&long);
                    stream.finish(&mut out);
                    assert_eq!(
                        stream.totals(),
                        (expected.len() as u64, out.len() as u64),
                        "{offer:?}"
                    );
                    assert_eq!(decoded(coding, &out), expected, "{offer:?}");
                }
                assert_eq!(lock(&compressors.0).len(), spare, "{offer:?}");
            }
        }
    }
}
