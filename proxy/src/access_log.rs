//! Access log files: each worker collects lines, and each file has a thread that writes them, so that
//! a slow or stuck disk costs lines and never a request its time.

mod queue;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

use self::queue::Queue;
use self::writer::Writer;
use crate::buffer::lock;

/// A log file, for as long as anything logs to it.
#[derive(Debug)]
pub(crate) struct LogFile {
    queue: Arc<Queue>,
}

/// All log files in use, each opened once however many sites write to it.
#[derive(Debug)]
pub(crate) struct LogFiles {
    open: Mutex<HashMap<PathBuf, Open>>,
    /// Whether the last file that a request named could not be opened; that is reported once.
    failing: AtomicBool,
    /// Lines that could not be written.
    lost: IntCounter,
}

/// A log file that is open.
#[derive(Debug)]
struct Open {
    file: Arc<LogFile>,
    /// When a request last named it, if one did.
    asked: Option<Instant>,
}

/// How long a file stays open that no request names any more (the example of nginx's
/// `open_log_file_cache` has 20 seconds).
const KEPT: Duration = Duration::from_secs(20);

/// Most files open at once that requests have named. Each has a thread.
const MOST_ASKED: usize = 1024;

/// How long the end of the process waits for a device that takes nothing.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl LogFiles {
    /// No file yet; lines that cannot be written are counted in `lost`.
    pub(crate) fn new(lost: IntCounter) -> Self {
        Self {
            open: Mutex::default(),
            failing: AtomicBool::new(false),
            lost,
        }
    }

    /// The file at `path`, opened now if it is not open yet.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Arc<LogFile>> {
        self.open_in(&mut lock(&self.open), path, None)
    }

    /// The same for a file that a request names; without one its line is lost, and counted.
    pub(crate) fn open_asked(&self, path: &Path) -> Option<Arc<LogFile>> {
        let mut open = lock(&self.open);
        let file = if open.len() < MOST_ASKED || open.contains_key(path) {
            self.open_in(&mut open, path, Some(Instant::now()))
        } else {
            Err(io::Error::other("too many log files are open"))
        };
        let was_failing = self.failing.swap(file.is_err(), Ordering::Relaxed);
        if let Err(error) = &file {
            self.lost.inc();
            if !was_failing {
                tracing::error!(path = %path.display(), %error, "log lines lost");
            }
        }
        file.ok()
    }

    fn open_in(
        &self,
        open: &mut HashMap<PathBuf, Open>,
        path: &Path,
        asked: Option<Instant>,
    ) -> io::Result<Arc<LogFile>> {
        if let Some(open) = open.get_mut(path) {
            open.asked = asked.or(open.asked);
            return Ok(Arc::clone(&open.file));
        }
        let queue = Arc::new(Queue::new(path, self.lost.clone()));
        Writer::start(path, Arc::clone(&queue))?;
        let file = Arc::new(LogFile { queue });
        let kept = Open {
            file: Arc::clone(&file),
            asked,
        };
        open.insert(path.to_owned(), kept);
        Ok(file)
    }

    /// Has every file opened again, after a log rotation moved it away (SIGUSR1).
    pub(crate) fn reopen(&self) {
        for open in lock(&self.open).values() {
            open.file.queue.push_reopen();
        }
    }

    /// Forgets files that nothing logs to any more.
    pub(crate) fn prune(&self) {
        let is_recent = |asked: Instant| asked.elapsed() < KEPT;
        lock(&self.open).retain(|_, open| {
            Arc::strong_count(&open.file) > 1 || open.asked.is_some_and(is_recent)
        });
    }

    /// Waits until everything that the workers handed over is written, but not for ever.
    pub(crate) async fn written(&self) {
        let files: Vec<_> = lock(&self.open)
            .values()
            .map(|open| Arc::clone(&open.file))
            .collect();
        let end = Instant::now() + LAST_WORDS;
        for file in files {
            while !file.queue.is_idle() {
                if Instant::now() > end {
                    file.queue.give_up();
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Lines a worker has not handed over yet, by file.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    lines: Mutex<Vec<(Arc<LogFile>, Vec<u8>)>>,
}

/// Lines are handed over when this many bytes have collected, or at the worker's next tick.
const ENOUGH: usize = 32 * 1024;

impl Pending {
    /// Adds a line for `file`, as `write` makes it.
    pub(crate) fn add(&self, file: &Arc<LogFile>, write: impl FnOnce(&mut Vec<u8>)) {
        let mut pending = lock(&self.lines);
        let known = pending
            .iter()
            .position(|(other, _)| Arc::ptr_eq(other, file));
        let index = known.unwrap_or_else(|| {
            pending.push((Arc::clone(file), file.queue.buffer()));
            pending.len() - 1
        });
        if let Some((file, lines)) = pending.get_mut(index) {
            write(lines);
            if lines.len() >= ENOUGH {
                let empty = file.queue.buffer();
                file.queue.push(std::mem::replace(lines, empty));
            }
        }
    }

    /// Hands over all lines that have collected. No buffer is kept, so that a quiet worker holds
    /// none and a log that a reload stopped is let go.
    pub(crate) fn flush(&self) {
        for (file, lines) in lock(&self.lines).drain(..) {
            file.queue.push(lines);
        }
    }
}
