//! keepalived's configuration, read as keepalived reads it, judged, and rewritten for the VIP daemon.
//!
//! A pure crate: it is handed the name of the main file and [`Files`] to read from, and returns the text of a
//! `vip.toml` and [`Finding`]s about everything that is not the same, or never did what it seems to do.
//! Four steps:
//!
//! 1. `syntax`: lines, definitions, included files, words and blocks, as keepalived's `parser.c` has them;
//! 2. `read`: what the blocks mean. A keyword that nobody knows is told, as are those that are not translated;
//! 3. `lint`: what is wrong with it, with the sums that show it;
//! 4. `write`: the same in the daemon's words, each line with what it was.

mod finding;
mod lint;
mod read;
mod syntax;
mod write;

pub use finding::{Finding, Severity};
pub use syntax::{At, Files, Mistake};

use std::fmt;

/// What the file alone cannot say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which of the lines that begin with `@NAME` are meant: keepalived's `--config-id`, by default the
    /// host's name.
    pub config_id: Option<String>,
    /// The other node's priority, with which it can be said whether a failed check moves the addresses.
    pub peer_priority: Option<u8>,
}

/// A configuration that was rewritten.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The text of `vip.toml`.
    pub text: String,
    /// What is to be said about it: what matters most first, and then by file and line.
    pub findings: Vec<Finding>,
    /// The passwords that `text` names files for. They are in no other part of this.
    pub passwords: Vec<Password>,
}

/// A password, and the file in which `vip.toml` looks for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// The file.
    pub file: String,
    /// What belongs into it.
    pub secret: String,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Reads the file `main` and all that it includes, and rewrites it.
///
/// A configuration that keepalived can make nothing of is a [`Mistake`]. Whatever else is wrong with it is
/// a finding, and what can be rewritten is.
pub fn import(main: &str, files: &dyn Files, options: &Options) -> Result<Imported, Mistake> {
    let mut findings = finding::Findings::default();
    let config_id = options.config_id.as_deref();
    let statements = syntax::read(main, files, config_id, &mut findings)?;
    let configuration = read::configuration(&statements, &mut findings);
    let judged = lint::judge(&configuration, files, options.peer_priority, &mut findings);
    let (text, passwords) = write::write(main, &configuration, &judged, &mut findings);
    Ok(Imported {
        text,
        findings: findings.into_vec(),
        passwords,
    })
}
