//! A response body, compressed on its way.

use std::sync::{Arc, Mutex};

use flate2::{Compress, Compression, FlushCompress};

use crate::buffer::lock;

/// A worker's spare compressors: each holds a quarter of a megabyte that need not be made anew.
#[derive(Debug, Default)]
pub(crate) struct Compressors(Arc<Mutex<Vec<(u32, Compress)>>>);

/// A body being compressed.
#[derive(Debug)]
pub(crate) struct GzipStream {
    /// Taken out only when dropped.
    compress: Option<(u32, Compress)>,
    home: Arc<Mutex<Vec<(u32, Compress)>>>,
    /// Whether the compressor holds bytes back.
    dirty: bool,
}

/// Spare compressors kept.
const MOST_SPARE: usize = 8;
/// zlib's largest window, as gzip(1) uses.
const WINDOW_BITS: u8 = 15;

impl Compressors {
    /// Starts a gzip stream at a level of 1 to 9.
    pub(crate) fn start(&self, level: u32) -> GzipStream {
        let mut spare = lock(&self.0);
        let found = spare.iter().position(|(other, _)| *other == level);
        let compress = match found {
            Some(index) => spare.swap_remove(index),
            None => (
                level,
                Compress::new_gzip(Compression::new(level), WINDOW_BITS),
            ),
        };
        GzipStream {
            compress: Some(compress),
            home: Arc::clone(&self.0),
            dirty: false,
        }
    }
}

impl GzipStream {
    /// Whether bytes of the body are held back.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Bytes that went in and came out so far.
    pub(crate) fn totals(&self) -> Option<(u64, u64)> {
        let (_, compress) = self.compress.as_ref()?;
        Some((compress.total_in(), compress.total_out()))
    }

    /// Compresses `data`; what the compressor gives out at once is appended to `out`.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        self.run(out, data, FlushCompress::None);
        self.dirty = true;
    }

    /// Appends everything held back to `out`, so that the client can read it now.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        self.run(out, &[], FlushCompress::Sync);
        self.dirty = false;
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.run(out, &[], FlushCompress::Finish);
        self.dirty = false;
    }

    fn run(&mut self, out: &mut Vec<u8>, mut data: &[u8], flush: FlushCompress) {
        let Some((_, compress)) = &mut self.compress else {
            return;
        };
        loop {
            out.reserve(data.len() / 2 + 1024);
            let (read, written) = (compress.total_in(), compress.total_out());
            // Only a stream used after its end fails, and this one is not.
            if let Err(error) = compress.compress_vec(data, out, flush) {
                tracing::error!(%error, "a response body cannot be compressed");
                return;
            }
            let taken = usize::try_from(compress.total_in() - read).unwrap_or(data.len());
            data = data.get(taken..).unwrap_or_default();
            // Room left in `out` means that the compressor has nothing more to give.
            let stuck = compress.total_out() == written && taken == 0;
            if data.is_empty() && (out.len() < out.capacity() || stuck) {
                return;
            }
        }
    }
}

impl Drop for GzipStream {
    fn drop(&mut self) {
        let mut spare = lock(&self.home);
        if let Some((level, mut compress)) = self.compress.take()
            && spare.len() < MOST_SPARE
        {
            compress.reset();
            spare.push((level, compress));
        }
    }
}
