//! Recordings: everything that routers are told and answer, one JSON object on each line.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use vrrp::Moment;
use vrrp::router::{Input, Output, Terms};

/// One line of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) at: Moment,
    pub(crate) instance: String,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// The router begins.
    Begin(Terms),
    /// It goes on under other terms.
    Terms(Terms),
    /// It was told something.
    Input(Input),
    /// It wanted something to be done.
    Output(Output),
}

/// Where a recording is written, if one is.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    file: Option<BufWriter<File>>,
}

impl Recorder {
    /// Begins a recording at `path`, after what is there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self {
            file: Some(BufWriter::new(file)),
        })
    }

    /// Writes a line; the recording ends when that fails.
    pub(crate) fn write(&mut self, at: Moment, instance: &str, what: What) {
        let Some(file) = &mut self.file else {
            return;
        };
        let line = Line {
            at,
            instance: instance.to_owned(),
            what,
        };
        let written = serde_json::to_writer(&mut *file, &line)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"));
        if let Err(error) = written {
            tracing::error!(%error, "the recording ends: it cannot be written");
            self.file = None;
        }
    }

    /// Hands over to the kernel what is written so far.
    pub(crate) fn flush(&mut self) {
        if let Some(file) = &mut self.file {
            // What is wrong shows at the next line.
            drop(file.flush());
        }
    }
}
