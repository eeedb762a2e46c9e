//! Read buffers, lent by each worker for as long as a connection has something in them.
//!
//! An idle connection holds none: ten thousand of them cost their sockets and nothing more.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use crate::stream::Stream;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes that were read and not yet used, with room for more behind them.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity],
            start: 0,
            end: 0,
        }
    }

    /// What was read and not yet used.
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Marks the first `count` bytes of [`Buffer::filled`] as used.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Whether nothing more can be read before something is used.
    pub(crate) fn is_full(&self) -> bool {
        self.end == self.bytes.len()
    }

    /// Makes room for `capacity` bytes in all.
    pub(crate) fn grow(&mut self, capacity: usize) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if capacity > self.bytes.len() {
            self.bytes.resize(capacity, 0);
        }
    }

    /// Appends bytes that were read elsewhere.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.grow(self.filled().len() + bytes.len());
        if let Some(room) = self.bytes.get_mut(self.end..self.end + bytes.len()) {
            room.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    /// Reads once from `stream`; 0 means that it has ended.
    pub(crate) fn poll_fill(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let mut room = ReadBuf::new(room);
        ready!(Pin::new(stream).poll_read(cx, &mut room))?;
        let count = room.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }
}

/// The spare buffers of one worker.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    read: Mutex<Vec<Buffer>>,
    large: Mutex<Vec<Buffer>>,
    write: Mutex<Vec<Vec<u8>>>,
}

/// The size of a read buffer: a browser's request, or a response of a few packets.
pub(crate) const CAPACITY: usize = 16 * 1024;

/// The size of a buffer for bodies that do not fit a read buffer: fewer, larger system calls.
pub(crate) const LARGE: usize = 64 * 1024;

/// Buffers of a kind kept for later; a worker busier than that allocates.
const MOST_SPARE: usize = 128;

impl Buffers {
    /// An empty read buffer.
    pub(crate) fn read_buffer(&self) -> Buffer {
        lock(&self.read)
            .pop()
            .unwrap_or_else(|| Buffer::new(CAPACITY))
    }

    /// An empty buffer for a body.
    pub(crate) fn large_buffer(&self) -> Buffer {
        lock(&self.large)
            .pop()
            .unwrap_or_else(|| Buffer::new(LARGE))
    }

    /// Gives a buffer back.
    pub(crate) fn put_read(&self, mut buffer: Buffer) {
        buffer.clear();
        let spare = match buffer.bytes.len() {
            CAPACITY => &self.read,
            LARGE => &self.large,
            _ => return,
        };
        let mut spare = lock(spare);
        if spare.len() < MOST_SPARE {
            spare.push(buffer);
        }
    }

    /// An empty buffer to write into.
    pub(crate) fn write_buffer(&self) -> Vec<u8> {
        lock(&self.write)
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(2 * CAPACITY))
    }

    /// Gives a write buffer back.
    pub(crate) fn put_write(&self, mut buffer: Vec<u8>) {
        let mut spare = lock(&self.write);
        if buffer.capacity() <= 4 * CAPACITY && spare.len() < MOST_SPARE {
            buffer.clear();
            spare.push(buffer);
        }
    }
}

/// A lock that a panic elsewhere does not take away: what it guards is valid at every step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
