//! `access_log` and `log_format`.

use super::Import;
use crate::document::Value;
use crate::level::Level;
use crate::syntax::Directive;
use crate::text::Variables;

impl<'d> Import<'d> {
    /// The log of a place; `false` if it is off, and nothing where nothing is said.
    pub(super) fn access_log(&self, level: &Level<'d>, variables: &Variables) -> Option<Value> {
        let logs = level.all("access_log");
        if logs.iter().any(|log| log.first() == "off") {
            return Some(Value::Switch(false));
        }
        let (first, others) = logs.split_first()?;
        for other in others {
            let help = "a line can be taken to several places by what reads the log";
            self.notes
                .lost(other, "a request is logged in one place, the first", help);
        }
        let path = match first.first() {
            path if path.starts_with("syslog:") => {
                self.notes.lost(
                    first,
                    "lines go to a file or to `stdout`",
                    "have a log shipper read it",
                );
                return None;
            }
            "/dev/stdout" => "stdout".to_owned(),
            path => variables.text(&self.in_prefix(path), first, self.notes),
        };
        let mut pairs = vec![("path".to_owned(), Value::text(path))];
        let format = first.word(1).filter(|word| !word.contains('='));
        pairs.extend(self.log_format(format.unwrap_or("combined"), first, variables));
        if let Some(condition) = first.parameter("if") {
            let condition = variables.text(condition, first, self.notes);
            pairs.push(("if".to_owned(), Value::text(condition)));
        }
        if first.parameter("gzip").is_some() || first.has("gzip") {
            self.notes.lost(
                first,
                "logs are not compressed while they are written",
                "logrotate does it after",
            );
        }
        Some(Value::Inline(pairs))
    }

    fn log_format(
        &self,
        name: &str,
        log: &Directive,
        variables: &Variables,
    ) -> Vec<(String, Value)> {
        let text = |key: &str, text: String| (key.to_owned(), Value::text(text));
        let Some(format) = self.formats.get(name) else {
            if name != "combined" {
                self.notes
                    .lost(log, &format!("there is no log_format `{name}`"), "");
            }
            return vec![text("format", "combined".to_owned())];
        };
        self.notes.seen(format);
        let (escape, pieces): (Vec<&String>, Vec<&String>) = format
            .words
            .iter()
            .skip(1)
            .partition(|word| word.starts_with("escape="));
        let pieces: String = pieces.into_iter().map(String::as_str).collect();
        let mut pairs = vec![text("format", variables.text(&pieces, format, self.notes))];
        if let Some(escape) = escape.first().and_then(|word| word.strip_prefix("escape=")) {
            pairs.push(text("escape", escape.to_owned()));
        }
        pairs
    }
}
