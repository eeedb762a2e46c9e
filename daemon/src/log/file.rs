//! A log in a file, which may be moved away and opened anew (SIGUSR1).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing_subscriber::fmt::MakeWriter;

/// A file that lines are appended to.
#[derive(Debug, Clone)]
pub struct LogFile {
    path: PathBuf,
    file: Arc<ArcSwap<File>>,
}

impl LogFile {
    /// Opens the file at `path`, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: Arc::new(ArcSwap::from_pointee(append(path)?)),
            path: path.to_owned(),
        })
    }

    /// Opens the file again; if that is not possible, lines go on to where they went.
    pub fn reopen(&self) -> io::Result<()> {
        self.file.store(Arc::new(append(&self.path)?));
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}

/// Where one line goes.
#[derive(Debug)]
pub struct Line(Arc<File>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogFile {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line(self.file.load_full())
    }
}
