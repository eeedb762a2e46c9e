//! What a slow client has not taken yet of a response: in memory, and beyond that in an unnamed file
//! (nginx's `proxy_buffering` and `proxy_max_temp_file_size`).
//!
//! Bytes go to the client as they come; only what it does not take at once waits here, so that the
//! server is free as soon as it has answered, however slow the client is.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes on their way to a slow client, in order.
#[derive(Debug)]
pub(super) struct Spool {
    /// The first of them, from `start`.
    memory: Vec<u8>,
    start: usize,
    /// Those that come after; of the file the part from `read` to `written`.
    file: Option<File>,
    read: u64,
    written: u64,
    most_in_file: u64,
}

/// Bytes that wait in memory.
const IN_MEMORY: usize = 64 * 1024;

impl Spool {
    /// An empty spool whose file holds no more than `most_in_file` bytes.
    pub(super) fn new(most_in_file: u64) -> Self {
        Self {
            memory: Vec::new(),
            start: 0,
            file: None,
            read: 0,
            written: 0,
            most_in_file,
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.front().is_empty()
    }

    /// The bytes to be sent next.
    pub(super) fn front(&self) -> &[u8] {
        self.memory.get(self.start..).unwrap_or_default()
    }

    /// Whether more may be read from the server.
    pub(super) fn has_room(&self) -> bool {
        if self.most_in_file == 0 {
            self.front().len() < IN_MEMORY
        } else {
            self.written < self.most_in_file
        }
    }

    /// Adds bytes behind those that wait.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Memory is never empty while the file is not, so that the front is what comes next.
        let room = match (self.read == self.written, self.most_in_file) {
            (true, 0) => bytes.len(),
            (true, _) => IN_MEMORY.saturating_sub(self.front().len()),
            (false, _) => 0,
        };
        let (first, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        if !first.is_empty() {
            self.memory.drain(..self.start);
            self.start = 0;
            self.memory.reserve_exact(first.len());
            self.memory.extend_from_slice(first);
        }
        if rest.is_empty() {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        // Written and read in the page cache, as nginx does without `aio`.
        file.write_all_at(rest, self.written)?;
        self.written += rest.len() as u64;
        Ok(())
    }

    /// Takes off the first `count` bytes of [`Spool::front`].
    pub(super) fn consume(&mut self, count: usize) -> io::Result<()> {
        self.start = (self.start + count).min(self.memory.len());
        if self.start < self.memory.len() {
            return Ok(());
        }
        self.start = 0;
        self.memory.clear();
        let left = self.written - self.read;
        let (Some(file), true) = (&self.file, left > 0) else {
            return Ok(());
        };
        let count = usize::try_from(left).map_or(IN_MEMORY, |left| left.min(IN_MEMORY));
        self.memory.resize(count, 0);
        file.read_exact_at(&mut self.memory, self.read)?;
        self.read += count as u64;
        if self.read == self.written {
            // The space is given back as soon as all of it was read.
            file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is pushed comes out in order, however pushes and takes alternate.
        #[test]
        fn first_in_first_out(
            steps in prop::collection::vec((any::<bool>(), 1usize..100_000), 1..60),
            in_file in prop_oneof![Just(0u64), Just(1_000_000_000)],
        ) {
            let mut spool = Spool::new(in_file);
            let (mut pushed, mut taken) = (0usize, 0usize);
            for (push, count) in steps {
                if push && (in_file > 0 || spool.has_room()) {
                    let bytes: Vec<u8> = (pushed..pushed + count).map(|at| at.to_le_bytes()[0]).collect();
                    spool.push(&bytes).unwrap();
                    pushed += count;
                } else {
                    let count = count.min(spool.front().len());
                    let front: Vec<u8> = spool.front()[..count].to_vec();
                    prop_assert!(front.iter().enumerate().all(|(at, byte)| *byte == (taken + at).to_le_bytes()[0]));
                    spool.consume(count).unwrap();
                    taken += count;
                }
                prop_assert_eq!(spool.is_empty(), pushed == taken);
                prop_assert!(spool.memory.len() <= IN_MEMORY + 100_000);
            }
        }
    }
}
