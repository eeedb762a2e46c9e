//! Texts with `$variables`, in the words of the edge.

use std::collections::{BTreeMap, BTreeSet};

use edge_core::template;

use crate::note::Notes;
use crate::syntax::Directive;

/// The variables that texts of a place may have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// Those of `map`, by name.
    pub(crate) maps: BTreeSet<String>,
    /// What `set` says, as nginx has it.
    pub(crate) sets: BTreeMap<String, String>,
    /// The groups of the expressions that are in force.
    pub(crate) groups: BTreeSet<String>,
    /// Directives whose texts are replaced by what they say: `$document_root`.
    pub(crate) root: Option<String>,
}

/// One `set` may be made of another, and nobody nests them more deeply.
const DEEPEST: usize = 8;

/// What nginx calls otherwise, or has and the edge says by itself.
const OTHERWISE: [(&str, &str); 3] = [
    ("proxy_protocol_addr", "$remote_addr"),
    ("proxy_protocol_port", "$remote_port"),
    ("realpath_root", "$document_root"),
];

impl Variables {
    /// With the groups of an expression besides.
    #[must_use]
    pub(crate) fn with_groups(&self, expression: &str) -> Self {
        let mut inner = self.clone();
        if let Ok(expression) = edge_core::expression::Expression::new(expression) {
            inner
                .groups
                .extend(expression.groups().map(|(name, _)| name));
        }
        inner
    }

    /// A text of nginx's for the edge. What is not known there is left out, and noted as lost.
    pub(crate) fn text(&self, text: &str, directive: &Directive, notes: &Notes) -> String {
        let mut out = String::new();
        self.write(text, (directive, notes), DEEPEST, &mut out);
        out
    }

    /// The text, if it is the same for all requests.
    pub(crate) fn constant(&self, text: &str) -> Option<String> {
        let expanded = self.expanded(text, DEEPEST);
        (!expanded.contains('$') || is_from_environment(&expanded)).then_some(expanded)
    }

    /// The text with what `set` says in its place, still as nginx writes it.
    pub(crate) fn expanded(&self, text: &str, depth: usize) -> String {
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name { name, written } => match self.sets.get(name) {
                    Some(value) if depth > 0 => out.push_str(&self.expanded(value, depth - 1)),
                    _ => out.push_str(written),
                },
            }
        }
        out
    }

    fn write(&self, text: &str, told: (&Directive, &Notes), depth: usize, out: &mut String) {
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => {
                    let follows = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    if follows {
                        brace_last(out);
                    }
                    out.push_str(text);
                }
                Piece::Name { name, written } => self.variable(name, written, told, depth, out),
            }
        }
    }

    fn variable(
        &self,
        name: &str,
        written: &str,
        (directive, notes): (&Directive, &Notes),
        depth: usize,
        out: &mut String,
    ) {
        if let Some(value) = self.sets.get(name).filter(|_| depth > 0) {
            self.write(value, (directive, notes), depth - 1, out);
        } else if let Some(root) = self.root.as_ref().filter(|_| is_root(name)) {
            out.push_str(root);
        } else if let Some((_, other)) = OTHERWISE.iter().find(|(other, _)| *other == name) {
            self.write(other, (directive, notes), depth.saturating_sub(1), out);
        } else if self.knows(name) {
            out.push('$');
            out.push_str(name);
        } else if is_placeholder(name, written) {
            environment(written, directive, notes);
            out.push_str(written);
        } else {
            let message = format!("the edge has no variable `${name}`; it is left out");
            notes.lost(directive, &message, "");
        }
    }

    /// Whether the edge has a variable of this name here.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.maps.contains(name) || self.groups.contains(name) || template::is_variable(name)
    }
}

/// A text without variables: a path, an expression, an address. What is in braces is one of the
/// environment, as templates of nginx's configurations have them.
pub(crate) fn literal(text: &str, directive: &Directive, notes: &Notes) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, behind)) if is_placeholder(name, &format!("${{{name}}}")) => {
                environment(&format!("${{{name}}}"), directive, notes);
                out.extend(["${", name, "}"]);
                rest = behind;
            }
            _ => {
                out.push_str("$${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// An expression, in which a dollar sign may stand before a brace.
pub(crate) fn escaped(expression: &str) -> String {
    expression.replace("${", "$${")
}

fn environment(written: &str, directive: &Directive, notes: &Notes) {
    let message = format!("`{written}` is a variable of the environment");
    let help = "set it for the edge, or write the value in its place";
    notes.info(directive, &message, help);
}

fn is_root(name: &str) -> bool {
    matches!(name, "document_root" | "realpath_root")
}

/// `${NAME}`, which `envsubst` replaces before nginx reads the file: its own variables are in lower case.
fn is_placeholder(name: &str, written: &str) -> bool {
    let is_upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    written.starts_with("${")
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(is_upper)
}

fn is_from_environment(text: &str) -> bool {
    pieces(text).all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Name { name, written } => is_placeholder(name, written),
    })
}

/// Puts braces around the name at the end, so that what follows is not taken for a part of it.
fn brace_last(out: &mut String) {
    let Some((before, name)) = out.rsplit_once('$') else {
        return;
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty()
        && name.chars().all(is_name)
        && !name.starts_with(|c: char| c.is_ascii_digit())
    {
        *out = format!("{before}$${{{name}}}");
    }
}

enum Piece<'t> {
    Text(&'t str),
    Name { name: &'t str, written: &'t str },
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(after) = rest.strip_prefix('$') else {
            let (text, after) = rest.split_at(rest.find('$').unwrap_or(rest.len()));
            rest = after;
            return Some(Piece::Text(text));
        };
        let braced = after
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let (name, length) = if let Some((name, _)) = braced {
            (name, name.len() + 3)
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let is_number = after.starts_with(|c: char| c.is_ascii_digit());
            let end = if is_number {
                1
            } else {
                end.unwrap_or(after.len())
            };
            (after.get(..end).unwrap_or_default(), end + 1)
        };
        let (written, behind) = rest.split_at_checked(length)?;
        rest = behind;
        if name.is_empty() {
            return Some(Piece::Text(""));
        }
        Some(Piece::Name { name, written })
    })
}
