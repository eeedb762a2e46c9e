//! What waits to be written to one log file: bounded, so that a stuck device cannot fill the memory.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use prometheus::IntCounter;

use super::ENOUGH;
use crate::buffer::lock;

/// The way of filled buffers from the workers to the file's writer, and of empty ones back.
#[derive(Debug)]
pub(super) struct Queue {
    path: PathBuf,
    state: Mutex<State>,
    /// There is something for the writer.
    filled: Condvar,
    lost: IntCounter,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Task>,
    /// How many of those that wait are lines.
    buffers: usize,
    spare: Vec<Vec<u8>>,
    /// Whether the writer is carrying out what it took last.
    busy: bool,
    /// Lines lost since the queue became full.
    dropped: u64,
    closed: bool,
}

/// What a writer does next.
#[derive(Debug)]
pub(super) enum Task {
    /// Write these lines.
    Lines(Vec<u8>),
    /// Open the file again.
    Reopen,
}

/// Buffers that may wait: 16 MiB, which is more than a second of the fastest traffic measured.
const MOST_WAITING: usize = 512;
/// Empty buffers kept for the workers.
const MOST_SPARE: usize = 8;
/// Room of a buffer: enough, and a line of the usual length more.
const CAPACITY: usize = ENOUGH + 4 * 1024;

impl Queue {
    /// An empty queue for the file at `path`.
    pub(super) fn new(path: &Path, lost: IntCounter) -> Self {
        Self {
            path: path.to_owned(),
            state: Mutex::default(),
            filled: Condvar::new(),
            lost,
        }
    }

    /// An empty buffer.
    pub(super) fn buffer(&self) -> Vec<u8> {
        let spare = lock(&self.state).spare.pop();
        spare.unwrap_or_else(|| Vec::with_capacity(CAPACITY))
    }

    /// Hands lines to the writer, or drops and counts them if too much waits already.
    pub(super) fn push(&self, lines: Vec<u8>) {
        let mut state = lock(&self.state);
        // Flushed buffers are mostly empty; joined, they do not use up the queue.
        if let Some(Task::Lines(last)) = state.waiting.back_mut()
            && last.len() + lines.len() <= ENOUGH
        {
            last.extend_from_slice(&lines);
            state.recycle(lines);
        } else if lines.is_empty() {
            state.recycle(lines);
        } else if state.buffers < MOST_WAITING {
            state.buffers += 1;
            state.waiting.push_back(Task::Lines(lines));
            self.filled.notify_one();
        } else {
            let first = state.dropped == 0;
            let count = count_lines(&lines);
            state.dropped += count;
            state.recycle(lines);
            drop(state);
            self.lost.inc_by(count);
            if first {
                tracing::error!(
                    path = %self.path.display(),
                    "the log is not written as fast as lines come; lines are lost"
                );
            }
        }
    }

    /// Has the file opened again after what waits now is written.
    pub(super) fn push_reopen(&self) {
        let mut state = lock(&self.state);
        if !matches!(state.waiting.back(), Some(Task::Reopen)) {
            state.waiting.push_back(Task::Reopen);
            self.filled.notify_one();
        }
    }

    /// The writer's next task; `None` when nobody logs to the file any more and all is written.
    /// `done` is the buffer of the last task.
    pub(super) fn next(&self, done: Option<Vec<u8>>) -> Option<Task> {
        let mut state = lock(&self.state);
        state.busy = false;
        if let Some(done) = done {
            state.recycle(done);
        }
        loop {
            if let Some(task) = state.waiting.pop_front() {
                if matches!(task, Task::Lines(_)) {
                    state.buffers -= 1;
                }
                state.busy = true;
                self.report_dropped(&mut state);
                return Some(task);
            }
            if state.closed {
                return None;
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn report_dropped(&self, state: &mut State) {
        if state.dropped > 0 && state.buffers < MOST_WAITING / 2 {
            let lines = std::mem::take(&mut state.dropped);
            tracing::error!(path = %self.path.display(), lines, "the log is written again; lines lost");
        }
    }

    /// Counts lines that could not be written.
    pub(super) fn lose(&self, lines: &[u8]) -> u64 {
        let count = count_lines(lines);
        self.lost.inc_by(count);
        count
    }

    /// Whether everything is written.
    pub(super) fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.waiting.is_empty() && !state.busy
    }

    /// Says that what still waits will not be written.
    pub(super) fn give_up(&self) {
        let waiting = std::mem::take(&mut lock(&self.state).waiting);
        let lost = waiting.iter().map(|task| match task {
            Task::Lines(lines) => self.lose(lines),
            Task::Reopen => 0,
        });
        let lines: u64 = lost.sum();
        tracing::error!(path = %self.path.display(), lines, "the log takes nothing; lines lost");
    }

    /// Lets the writer end when all is written.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.filled.notify_one();
    }
}

impl State {
    fn recycle(&mut self, mut buffer: Vec<u8>) {
        // One that grew for an extraordinary line is let go.
        if self.spare.len() < MOST_SPARE && buffer.capacity() <= 2 * CAPACITY {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    lines.split(|byte| *byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        let lost = IntCounter::new("lost", "Lost.").unwrap();
        Queue::new(Path::new("x"), lost)
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let queue = queue();
        let full = b"line\n".repeat(ENOUGH / 5 + 1);
        for _ in 0..MOST_WAITING {
            queue.push(full.clone());
        }
        assert_eq!(queue.lost.get(), 0);
        queue.push(b"a\nb\n".to_vec());
        assert_eq!(queue.lost.get(), 2);
        assert!(matches!(queue.next(None), Some(Task::Lines(lines)) if lines == full));
        queue.push(b"c\n".to_vec());
        assert_eq!(queue.lost.get(), 2);
    }

    #[test]
    fn small_buffers_are_joined_but_not_across_a_rotation() {
        let queue = queue();
        queue.push(b"a\n".to_vec());
        queue.push(b"b\n".to_vec());
        queue.push_reopen();
        queue.push_reopen();
        queue.push(b"c\n".to_vec());
        assert!(matches!(queue.next(None), Some(Task::Lines(lines)) if lines == b"a\nb\n"));
        assert!(matches!(queue.next(None), Some(Task::Reopen)));
        assert!(matches!(queue.next(None), Some(Task::Lines(lines)) if lines == b"c\n"));
        assert!(!queue.is_idle());
        queue.close();
        assert!(queue.next(None).is_none());
        assert!(queue.is_idle());
    }
}
