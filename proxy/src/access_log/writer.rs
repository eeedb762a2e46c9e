//! The thread that writes one log file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::queue::{Queue, Task};

/// Writes what its queue holds, and may wait for the device as long as that takes.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    queue: Arc<Queue>,
    /// Whether the last write failed; a full disk is reported once.
    failing: bool,
}

/// The name that stands for standard output.
const STDOUT: &str = "stdout";

impl Writer {
    /// Opens the file at `path` and starts to write to it what comes through `queue`.
    pub(super) fn start(path: &Path, queue: Arc<Queue>) -> io::Result<()> {
        let writer = Self {
            file: open(path)?,
            path: path.to_owned(),
            queue,
            failing: false,
        };
        std::thread::Builder::new()
            .name("access log".to_owned())
            .spawn(|| writer.run())?;
        Ok(())
    }

    fn run(mut self) {
        let mut done = None;
        while let Some(task) = self.queue.next(done.take()) {
            match task {
                Task::Lines(lines) => {
                    self.write(&lines);
                    done = Some(lines);
                }
                Task::Reopen => self.reopen(),
            }
        }
    }

    fn write(&mut self, lines: &[u8]) {
        let result = self.file.write_all(lines);
        let failed = result.is_err();
        if let Err(error) = result {
            let lost = self.queue.lose(lines);
            if !self.failing {
                tracing::error!(path = %self.path.display(), %error, lines = lost, "log lines lost");
            }
        } else if self.failing {
            tracing::info!(path = %self.path.display(), "the log can be written again");
        }
        self.failing = failed;
    }

    fn reopen(&mut self) {
        match open(&self.path) {
            Ok(file) => self.file = file,
            Err(error) => tracing::error!(
                path = %self.path.display(),
                %error,
                "the log cannot be opened again; writing to the old file goes on"
            ),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if path == Path::new(STDOUT) {
        use std::os::fd::AsFd as _;
        return Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    }
    // fifo(7): opening a pipe for writing waits for a reader, for both it does not. Its reader may
    // come, go and come back without the edge failing to start or reload.
    let is_pipe = fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo());
    OpenOptions::new()
        .append(true)
        .create(true)
        .read(is_pipe)
        .open(path)
}
