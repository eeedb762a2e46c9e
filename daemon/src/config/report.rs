//! Every mistake of a configuration file, each with its line and a pointer into it.

use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::{env, fmt};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};
use thiserror::Error;

/// A mistake and the bytes of the file that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl From<&toml::de::Error> for Finding {
    fn from(error: &toml::de::Error) -> Self {
        Self {
            span: error.span().unwrap_or(0..0),
            message: error.message().trim_end().replace('\n', ", "),
            help: None,
        }
    }
}

/// Why a configuration file was refused: at least one mistake, in the order of the file.
///
/// `Display` draws each with its source line; [`Report::lines`] gives one line for each, for logs.
#[derive(Debug, Clone)]
pub struct Report {
    name: String,
    text: String,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(name: String, text: String, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.span.start);
        findings.dedup();
        Self {
            name,
            text,
            findings,
        }
    }

    pub(super) fn unreadable(name: String, error: &io::Error) -> Self {
        let message = format!("cannot be read: {error}");
        let finding = Finding {
            span: 0..0,
            message,
            help: None,
        };
        Self::new(name, String::new(), vec![finding])
    }

    /// One line for each mistake: `file:line:column: message (help)`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(|finding| {
            let Finding { message, help, .. } = finding;
            let place = self.place(finding);
            match help {
                Some(help) => format!("{place}: {message} ({help})"),
                None => format!("{place}: {message}"),
            }
        })
    }

    /// Draws the report on standard error, in colour where that is a terminal that wants it.
    pub fn print(&self) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        let colour = stderr.is_terminal() && env::var_os("NO_COLOR").is_none();
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        stderr.write_all(self.draw(theme).as_bytes())
    }

    /// `file:line:column`, or only the file where there is no text to point into.
    fn place(&self, finding: &Finding) -> String {
        let Some(before) = self
            .text
            .get(..finding.span.start)
            .filter(|_| !self.text.is_empty())
        else {
            return self.name.clone();
        };
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{}:{line}:{column}", self.name)
    }

    fn draw(&self, theme: GraphicalTheme) -> String {
        if self.text.is_empty() {
            return self.lines().map(|line| line + "\n").collect();
        }
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        let mut drawn = String::new();
        for finding in &self.findings {
            let shown = Shown::new(self, finding);
            // Writing to a string cannot fail; a span outside the text would, and is left out.
            if handler.render_report(&mut drawn, &shown).is_err() {
                drawn.push_str(&finding.message);
            }
            drawn.push('\n');
        }
        drawn
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draw(GraphicalTheme::unicode_nocolor()))
    }
}

impl std::error::Error for Report {}

/// One finding in the form that miette draws.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
struct Shown {
    message: String,
    #[source_code]
    file: NamedSource<String>,
    #[label]
    at: SourceSpan,
    #[help]
    help: Option<String>,
}

impl Shown {
    fn new(report: &Report, finding: &Finding) -> Self {
        Self {
            message: finding.message.clone(),
            file: NamedSource::new(&report.name, report.text.clone()),
            at: finding.span.clone().into(),
            help: finding.help.clone(),
        }
    }
}
