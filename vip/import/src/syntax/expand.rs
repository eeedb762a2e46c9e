//! Definitions, what is put in their place, and lines that are for one node only.

use std::collections::HashMap;

use super::{Line, Mistake};
use crate::finding::{Findings, Severity};

/// Definitions that are put in place for one line. Beyond that there is one which names itself.
const MOST_REPLACEMENTS: usize = 1000;

/// The longest line that definitions may make.
const LONGEST_LINE: usize = 65_536;

/// Replaces what is defined, and leaves out what is for others.
pub(super) fn expand(
    lines: Vec<Line>,
    config_id: Option<&str>,
    findings: &mut Findings,
) -> Result<Vec<Line>, Mistake> {
    let mut expansion = Expansion {
        definitions: HashMap::new(),
        config_id,
        findings,
        replaced: 0,
        out: Vec::new(),
    };
    let mut lines = lines.into_iter();
    while let Some(mut line) = lines.next() {
        // A definition goes on after a backslash; so does nothing else.
        while line.text.starts_with('$') && line.text.ends_with('\\') {
            line.text.pop();
            let Some(next) = lines.next() else { break };
            line.text.push('\n');
            line.text.push_str(&next.text);
        }
        expansion.replaced = 0;
        expansion.line(line)?;
    }
    Ok(expansion.out)
}

struct Expansion<'a> {
    definitions: HashMap<String, String>,
    config_id: Option<&'a str>,
    findings: &'a mut Findings,
    replaced: usize,
    out: Vec<Line>,
}

impl Expansion<'_> {
    fn line(&mut self, line: Line) -> Result<(), Mistake> {
        let Some(text) = self.for_this_node(&line) else {
            return Ok(());
        };
        let line = Line { text, ..line };
        if let Some((name, value)) = definition(&line.text) {
            self.definitions
                .insert(name.to_owned(), value.trim().to_owned());
            return Ok(());
        }
        let Some(text) = self.replace_one(&line)? else {
            return self.finished(line);
        };
        // A definition may be several lines, each with definitions of its own.
        for text in text.lines().map(str::trim).filter(|text| !text.is_empty()) {
            let at = line.at.clone();
            self.line(Line {
                at,
                text: text.to_owned(),
            })?;
        }
        Ok(())
    }

    fn finished(&mut self, line: Line) -> Result<(), Mistake> {
        if line.text.starts_with("~SEQ") || line.text.starts_with("~LST") {
            return Err(Mistake {
                at: line.at,
                message: "sequences (~SEQ, ~LST) are not read: write out what they stand for"
                    .to_owned(),
            });
        }
        self.out.push(line);
        Ok(())
    }

    /// What is left of a line that begins with `@NAME` or `@^NAME`, if it is for this node.
    fn for_this_node(&mut self, line: &Line) -> Option<String> {
        let Some(rest) = line.text.strip_prefix('@') else {
            return Some(line.text.clone());
        };
        let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (name, is_meant) = match name.strip_prefix('^') {
            Some(name) => (name, self.config_id != Some(name)),
            None => (name, self.config_id == Some(name)),
        };
        if self.config_id.is_none() {
            let taken = if is_meant { "taken over" } else { "left out" };
            self.findings.add(
                ("conditional", Severity::Lost),
                &line.at,
                format!("this line depends on the node, `{name}` or not; it is {taken}"),
                "say which node this is for: --config-id",
            );
        }
        is_meant
            .then(|| rest.trim().to_owned())
            .filter(|rest| !rest.is_empty())
    }

    /// The line with the first name that is defined replaced, if there is one.
    fn replace_one(&mut self, line: &Line) -> Result<Option<String>, Mistake> {
        let mut from = 0;
        while let Some(found) = line.text.get(from..).and_then(|rest| rest.find('$')) {
            let start = from + found;
            from = start + 1;
            let Some((before, rest)) = line.text.split_at_checked(start) else {
                break;
            };
            let Some((name, after)) = name(rest) else {
                continue;
            };
            let Some(value) = self.definitions.get(name) else {
                continue;
            };
            self.replaced += 1;
            let text = [before, value, after].concat();
            if self.replaced > MOST_REPLACEMENTS || text.len() > LONGEST_LINE {
                return Err(Mistake {
                    at: line.at.clone(),
                    message: format!("${name} grows without an end: does it name itself?"),
                });
            }
            return Ok(Some(text));
        }
        Ok(None)
    }
}

/// The name and the value of a line that defines something.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('$')?.split_once('=')?;
    is_name(name).then_some((name, value))
}

/// The name at the start of a text that begins with `$`, and what comes after it. Without braces it has to
/// be followed by white space, or by nothing.
fn name(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    let (name, after) = match text.strip_prefix('{') {
        Some(text) => text.split_once('}')?,
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    };
    is_name(name).then_some((name, after))
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
