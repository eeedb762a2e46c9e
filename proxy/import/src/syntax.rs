//! nginx's configuration language, as `ngx_conf_file.c` reads it: directives of words, blocks, and
//! files that are included where they are named.

mod include;
mod token;

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

pub use include::Files;
pub(crate) use include::{directory, read};

/// A directive with its words, and what stands in its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Its number among all of them.
    pub(crate) id: usize,
    pub(crate) name: String,
    /// The words after its name, without quotes and escapes.
    pub(crate) words: Vec<String>,
    /// What stands between its braces, if it has any.
    pub(crate) block: Option<Vec<Self>>,
    pub(crate) at: At,
}

/// A file of a configuration, as it was named and as it is written.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub file: Rc<Source>,
    /// The line, from 1.
    pub line: usize,
    /// The bytes of the file.
    pub span: Range<usize>,
}

/// Why a configuration cannot be read: nginx would not start with it either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Mistake {
    /// Where.
    pub at: At,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.name, self.line)
    }
}

impl Directive {
    /// A word after the name.
    pub(crate) fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(String::as_str)
    }

    /// The first word, or nothing.
    pub(crate) fn first(&self) -> &str {
        self.word(0).unwrap_or_default()
    }

    /// The value of a word `NAME=VALUE`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether one of the words is this.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// Whether it switches something on.
    pub(crate) fn is_on(&self) -> bool {
        self.first() == "on"
    }

    /// What stands in its block.
    pub(crate) fn inside(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.name).chain(&self.words);
        let words: Vec<&str> = words.map(String::as_str).collect();
        let text: String = words.join(" ").replace(['\n', '\r', '\t'], " ");
        let end = if self.block.is_some() { " {" } else { "" };
        match text.char_indices().nth(70) {
            Some((cut, _)) => write!(f, "{}...", text.get(..cut).unwrap_or_default()),
            None => write!(f, "{text}{end}"),
        }
    }
}

#[cfg(test)]
mod tests;
