//! keepalived's configuration language: lines of words, blocks in braces, comments after `!` or `#`,
//! `$NAME=value`, lines for one node only (`@node`), and files that are included where they are named.

mod blocks;
mod expand;
mod include;
mod words;

use std::fmt;
use std::rc::Rc;

use crate::finding::Findings;

/// Where a configuration is read from. Paths are as written, below the directory of the file that names them.
pub trait Files {
    /// The text of a file, or why there is none.
    fn read(&self, path: &str) -> Result<String, String>;

    /// The files that a pattern of the shell names, sorted, or why that cannot be said. Whoever does not want
    /// files to be included says so here.
    fn list(&self, pattern: &str) -> Result<Vec<String>, String>;

    /// Whether a program is there and may be run; `None` where that cannot be known, since the configuration
    /// is another machine's.
    fn runs(&self, program: &str) -> Option<bool>;
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file's path.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Mistake {
    /// Where.
    pub at: At,
    /// Why.
    pub message: String,
}

/// A line: its words, and what stands in its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) at: At,
    pub(crate) keyword: String,
    /// The words after the keyword, without quotes and escapes.
    pub(crate) words: Vec<String>,
    pub(crate) block: Option<Vec<Self>>,
}

impl Statement {
    /// The first word after the keyword, or nothing.
    pub(crate) fn word(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What stands in its block, if it has one.
    pub(crate) fn inside(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// All of its words, for a comment. Passwords are left out.
    pub(crate) fn said(&self) -> String {
        if matches!(self.keyword.as_str(), "auth_pass" | "key") {
            return format!("{} (not repeated here)", self.keyword);
        }
        let words = std::iter::once(&self.keyword).chain(&self.words);
        let words: Vec<&str> = words.map(String::as_str).collect();
        words.join(" ")
    }
}

/// Reads a file and all that it includes.
pub(crate) fn read(
    main: &str,
    files: &dyn Files,
    config_id: Option<&str>,
    findings: &mut Findings,
) -> Result<Vec<Statement>, Mistake> {
    let lines = include::lines(main, files)?;
    let lines = expand::expand(lines, config_id, findings)?;
    blocks::blocks(lines, findings)
}

/// A line of a file, without its comment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    at: At,
    text: String,
}

#[cfg(test)]
mod tests;
