//! Regular expressions, and what their groups find.

use std::ops::Range;

use regex::bytes::Regex;

/// A regular expression that can be compared with another: two are equal if they are written alike.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Expression {}

/// What the groups of an expression found in a text: the first is the whole match (`$0`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    text: Vec<u8>,
    groups: Vec<Option<Range<usize>>>,
}

impl Expression {
    /// Compiles an expression; the error is its reason in one line.
    pub fn new(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| {
            // The crate draws a picture of several lines; its last line is the reason.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            format!("not a regular expression: {reason}")
        })
    }

    /// As nginx writes one after `~` (case matters) or `~*` (it does not).
    pub fn after_tilde(text: &str) -> Result<Self, String> {
        match text.strip_prefix('*') {
            Some(text) => Self::new(&format!("(?i){text}")),
            None => Self::new(text),
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// What its groups find in a text, if it is found there.
    pub fn captures(&self, text: &[u8]) -> Option<Captures> {
        let found = self.0.captures(text)?;
        let groups = found.iter().map(|group| Some(group?.range()));
        Some(Captures {
            groups: groups.collect(),
            text: text.to_vec(),
        })
    }

    /// Its groups: their numbers and names, each with its index.
    pub fn groups(&self) -> impl Iterator<Item = (String, usize)> {
        let groups = self.0.capture_names().enumerate();
        groups.flat_map(|(index, name)| {
            let name = name.map(|name| (name.to_owned(), index));
            name.into_iter().chain([(index.to_string(), index)])
        })
    }
}

impl Captures {
    /// What a group found, if it took part.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.text.get(self.groups.get(index)?.clone()?)
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn groups_by_number_and_name() {
        let expression = Expression::after_tilde("*^/(?<lang>[a-z]+)/(x)?").unwrap();
        let groups: Vec<_> = expression.groups().collect();
        let expected = [("0", 0), ("lang", 1), ("1", 1), ("2", 2)];
        assert_eq!(groups, expected.map(|(name, at)| (name.to_owned(), at)));
        let found = expression.captures(b"/DE/y").unwrap();
        assert_eq!(found.get(1), Some(&b"DE"[..]));
        assert_eq!((found.get(2), found.get(3)), (None, None));
        assert_eq!(expression.captures(b"/1"), None);
        assert!(Expression::new("(").unwrap_err().contains("unclosed group"));
    }
}
