//! Header lines that the configuration sets, adds and removes, in requests and in responses.

use crate::forward::write_header;
use crate::template::{Needs, Template};

/// What the configuration says about the header lines of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Lines that take the place of any of their name.
    pub set: Vec<(String, Template)>,
    /// Lines that come on top.
    pub add: Vec<(String, Template)>,
    /// Names of which no line goes on.
    pub remove: Vec<String>,
}

/// The same for one message, with every text written out, and what the edge says besides. What the
/// configuration says of a name holds before all else.
#[derive(Debug, Default)]
pub struct Edit<'a> {
    set: Vec<(&'a str, Vec<u8>)>,
    add: Vec<(&'a str, Vec<u8>)>,
    remove: &'a [String],
    /// Names of which no line of a server goes on.
    pub hidden: &'static [&'static str],
    /// The request header that the answer depends on.
    pub vary: Option<&'static str>,
    /// Lines for when there is none of their name.
    pub defaults: &'static [(&'static str, &'static str)],
}

/// What the edge says in an answer, whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// Lines that take the place of any of their name.
    pub lines: Vec<(&'static str, String)>,
    /// Names of which no line of a server goes on.
    pub hidden: &'static [&'static str],
    /// The request header that it depends on.
    pub vary: Option<&'static str>,
}

impl Rules {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }

    /// What the texts need.
    pub fn needs(&self) -> Needs {
        let texts = self.set.iter().chain(&self.add);
        let needs = texts.map(|(_, text)| text.needs());
        needs.fold(Needs::default(), Needs::and)
    }

    /// These on top of `outer`, of which what these say something about no longer holds.
    #[must_use]
    pub fn within(mut self, outer: &Self) -> Self {
        let is_new = |name: &str| !self.names(name);
        let rest = |lines: &[(String, Template)]| {
            let rest = lines.iter().filter(|(name, _)| is_new(name));
            rest.cloned().collect::<Vec<_>>()
        };
        let (set, add) = (rest(&outer.set), rest(&outer.add));
        let remove = outer.remove.iter().filter(|name| is_new(name)).cloned();
        let remove: Vec<_> = remove.collect();
        self.set.splice(0..0, set);
        self.add.splice(0..0, add);
        self.remove.splice(0..0, remove);
        self
    }

    /// Whether anything is said about lines of this name.
    fn names(&self, name: &str) -> bool {
        let lines = self.set.iter().chain(&self.add).map(|(name, _)| name);
        let mut names = lines.chain(&self.remove);
        names.any(|other| other.eq_ignore_ascii_case(name))
    }

    /// The rules for one message; `render` writes a text out.
    pub fn edit<'a>(&'a self, render: impl Fn(&Template) -> Vec<u8>) -> Edit<'a> {
        let lines = |lines: &'a [(String, Template)]| {
            let lines = lines
                .iter()
                .map(|(name, text)| (name.as_str(), value(render(text))));
            lines.collect()
        };
        Edit {
            set: lines(&self.set),
            add: lines(&self.add),
            remove: &self.remove,
            ..Edit::default()
        }
    }
}

impl<'a> Edit<'a> {
    /// These lines take the place of any of their name, too, unless something is said about it.
    pub fn also_set(&mut self, lines: impl IntoIterator<Item = (&'a str, impl Into<Vec<u8>>)>) {
        for (name, value) in lines {
            if !self.drops(name) {
                self.set.push((name, value.into()));
            }
        }
    }
}

impl Edit<'_> {
    /// Whether there may be lines that do not go on.
    pub fn drops_some(&self) -> bool {
        !(self.set.is_empty() && self.remove.is_empty() && self.hidden.is_empty())
    }

    /// Whether a line of this name does not go on.
    pub fn drops(&self, name: &str) -> bool {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        self.set.iter().any(|(name, _)| is(name))
            || self.remove.iter().any(|name| is(name))
            || self.hidden.iter().any(|name| is(name))
    }

    /// Appends the lines that are set and added, but for those without a value, as in nginx.
    pub fn write(&self, out: &mut Vec<u8>) {
        let lines = self.set.iter().chain(&self.add);
        for (name, value) in lines.filter(|(_, value)| !value.is_empty()) {
            write_header(out, name, value);
        }
        if let Some(vary) = self.vary {
            write_header(out, "Vary", vary.as_bytes());
        }
    }

    /// Appends the lines that an answer has unless it `has` one of their name.
    pub fn write_defaults(&self, out: &mut Vec<u8>, has: impl Fn(&str) -> bool) {
        for (name, value) in self.defaults {
            if !has(name) && !self.names(name) {
                write_header(out, name, value.as_bytes());
            }
        }
    }

    /// Whether anything is said about lines of this name.
    fn names(&self, name: &str) -> bool {
        let lines = self.set.iter().chain(&self.add).map(|(name, _)| *name);
        let mut names = lines.chain(self.remove.iter().map(String::as_str));
        names.any(|other| other.eq_ignore_ascii_case(name))
    }
}

/// A text as it may stand in a line: what came with a request cannot end it (RFC 9110 §5.5).
fn value(mut text: Vec<u8>) -> Vec<u8> {
    text.retain(|byte| !byte.is_ascii_control() || *byte == b'\t');
    text.trim_ascii().to_vec()
}

#[cfg(test)]
mod tests {
    use super::Rules;
    use crate::template::{Escape, Template};

    fn lines(lines: &[(&str, &str)]) -> Vec<(String, Template)> {
        let line = |(name, text): &(&str, &str)| {
            let text = Template::parse(text, Escape::None).unwrap();
            ((*name).to_owned(), text)
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn the_inner_rules_win_over_those_of_the_same_name() {
        let outer = Rules {
            set: lines(&[("X-Frame-Options", "DENY"), ("Cache-Control", "no-store")]),
            add: lines(&[("Link", "a")]),
            remove: vec!["X-Powered-By".to_owned(), "ETag".to_owned()],
        };
        let inner = Rules {
            set: lines(&[("cache-control", "max-age=1"), ("etag", "")]),
            add: Vec::new(),
            remove: vec!["link".to_owned()],
        };
        let rules = inner.within(&outer);
        let edit = rules.edit(|text| {
            assert!(text.is_constant());
            format!("{text:?}\r\nX: 1").into_bytes()
        });
        let mut out = Vec::new();
        edit.write(&mut out);
        let out = String::from_utf8(out).unwrap();
        let names: Vec<_> = out.lines().map(|line| line.split(':').next()).collect();
        assert_eq!(
            names,
            [Some("X-Frame-Options"), Some("cache-control"), Some("etag")]
        );
        for dropped in ["LINK", "x-powered-by", "Cache-Control"] {
            assert!(edit.drops(dropped), "{dropped}");
        }
        assert!(!edit.drops("X-Other"));
    }
}
