//! Access log files: lines collect in each worker and are written together.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use prometheus::IntCounter;

use crate::buffer::lock;

/// A log file that can be opened again after it was moved away.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: ArcSwap<File>,
}

/// All log files in use, each opened once however many sites write to it.
#[derive(Debug, Default)]
pub(crate) struct LogFiles {
    open: Mutex<HashMap<PathBuf, Arc<LogFile>>>,
}

/// The name that stands for standard output.
const STDOUT: &str = "stdout";

impl LogFiles {
    /// The file at `path`, opened now if it is not open yet.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Arc<LogFile>> {
        let mut open = lock(&self.open);
        if let Some(file) = open.get(path) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(LogFile {
            path: path.to_owned(),
            file: ArcSwap::from_pointee(open_file(path)?),
        });
        open.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Opens every file again, after a log rotation moved it away (SIGUSR1).
    pub(crate) fn reopen(&self) {
        for (path, log) in lock(&self.open).iter() {
            match open_file(path) {
                Ok(file) => log.file.store(Arc::new(file)),
                Err(error) => tracing::error!(
                    path = %path.display(),
                    %error,
                    "the log cannot be opened again; writing to the old file goes on"
                ),
            }
        }
    }

    /// Forgets files that nothing logs to any more.
    pub(crate) fn prune(&self) {
        lock(&self.open).retain(|_, file| Arc::strong_count(file) > 1);
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    if path == Path::new(STDOUT) {
        use std::os::fd::AsFd as _;
        return Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    }
    OpenOptions::new().append(true).create(true).open(path)
}

/// Lines a worker has not written yet, by file.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    lines: Mutex<Vec<(Arc<LogFile>, Vec<u8>)>>,
}

/// Lines are written when this many bytes have collected, or at the worker's next tick.
const ENOUGH: usize = 32 * 1024;

impl Pending {
    /// Adds a line for `file`, as `write` makes it.
    pub(crate) fn add(
        &self,
        file: &Arc<LogFile>,
        lost: &IntCounter,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let mut pending = lock(&self.lines);
        let known = pending
            .iter()
            .position(|(other, _)| Arc::ptr_eq(other, file));
        let index = known.unwrap_or_else(|| {
            pending.push((Arc::clone(file), Vec::with_capacity(2 * ENOUGH)));
            pending.len() - 1
        });
        if let Some((file, lines)) = pending.get_mut(index) {
            write(lines);
            if lines.len() >= ENOUGH {
                file.write(lines, lost);
            }
        }
    }

    /// Writes all lines that have collected.
    pub(crate) fn flush(&self, lost: &IntCounter) {
        lock(&self.lines).retain_mut(|(file, lines)| {
            if lines.is_empty() {
                // Nothing since the last tick; a reload may have stopped this log.
                return Arc::strong_count(file) > 2;
            }
            file.write(lines, lost);
            true
        });
    }
}

impl LogFile {
    /// Appends `lines` in one call and empties them; lines that cannot be written are counted.
    fn write(&self, lines: &mut Vec<u8>, lost: &IntCounter) {
        if let Err(error) = (&**self.file.load()).write_all(lines) {
            let count = count_lines(lines);
            lost.inc_by(count);
            tracing::error!(path = %self.path.display(), %error, lines = count, "log lines lost");
        }
        lines.clear();
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    lines.split(|byte| *byte == b'\n').count() as u64 - 1
}
