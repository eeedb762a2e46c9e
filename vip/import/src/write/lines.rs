//! Lines of TOML.

use crate::read::Said;

/// The column of comments, where there is room.
const COLUMN: usize = 44;

/// The longest line of a comment.
const WIDTH: usize = 110;

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Lines of their own, before what comes next.
    pub(super) fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.len() + word.len() >= WIDTH {
                self.0.push_str(&line);
                self.0.push('\n');
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.0.push_str(&line);
        self.0.push('\n');
    }

    /// The heading of a table, with an empty line before it.
    pub(super) fn heading(&mut self, heading: &str) {
        self.0.push('\n');
        self.line(heading, None);
    }

    /// A key and its value, and what it was, if it was anything.
    pub(super) fn pair(&mut self, key: &str, value: &str, was: Option<&str>) {
        self.line(&format!("{key} = {value}"), was);
    }

    /// A key whose value was said, and where.
    pub(super) fn said<T>(&mut self, key: &str, value: &str, said: &Said<T>) {
        self.pair(key, value, Some(&was(said)));
    }

    /// A value that was said, or keepalived's default for it.
    pub(super) fn said_or<T>(&mut self, key: &str, value: &str, said: Option<&Said<T>>) {
        match said {
            Some(said) => self.said(key, value, said),
            None => self.pair(key, value, Some("keepalived's default")),
        }
    }

    /// A line that cannot be written, since nobody said what it says.
    pub(super) fn missing(&mut self, key: &str) {
        self.line(&format!("# {key} ="), Some("not said, and needed"));
    }

    fn line(&mut self, text: &str, was: Option<&str>) {
        self.0.push_str(text);
        if let Some(was) = was {
            let pad = COLUMN.saturating_sub(text.chars().count()).max(2);
            self.0.extend(std::iter::repeat_n(' ', pad));
            self.0.push_str("# ");
            // A comment ends where the line does.
            let plain = |c: char| if c.is_control() { ' ' } else { c };
            self.0.extend(was.chars().map(plain));
        }
        self.0.push('\n');
    }
}

/// What a line was, and where it stands.
pub(super) fn was<T>(said: &Said<T>) -> String {
    let file = said.at.file.rsplit('/').next().unwrap_or_default();
    format!("{file}:{}: {}", said.at.line, said.was)
}

/// A text as a value.
pub(super) fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A list of texts as a value.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(text).collect();
    format!("[{}]", texts.join(", "))
}
