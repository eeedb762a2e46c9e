//! Every mistake of a configuration, each with its line and a pointer into it.

use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::{env, fmt};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode,
};

use super::excerpt::Excerpt;
use super::source::{Source, Sources};

/// A mistake or a trap, and the bytes that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) span: Range<usize>,
    pub(super) weight: Weight,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// What a finding means for the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It cannot be used.
    Error,
    /// It can, but is likely not what was meant.
    Warning,
}

impl Finding {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            weight: Weight::Error,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(self, help: impl Into<Option<String>>) -> Self {
        let help = help.into();
        Self { help, ..self }
    }
}

impl From<&toml::de::Error> for Finding {
    fn from(error: &toml::de::Error) -> Self {
        let message = error.message().trim_end().replace('\n', ", ");
        Self::new(error.span().unwrap_or(0..0), message)
    }
}

/// What is to be said about a configuration, in the order of its files: why it was refused, or what
/// it warns of.
///
/// `Display` draws each with its source line; [`Report::lines`] gives one line for each, for logs.
#[derive(Debug, Clone)]
pub struct Report {
    sources: Sources,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(sources: Sources, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.span.start);
        // What stands once and counts several times is reported once.
        let mut unique: Vec<Finding> = Vec::new();
        for finding in findings {
            let mut here = unique
                .iter()
                .rev()
                .take_while(|other| other.span.start == finding.span.start);
            let is_same = |other: &Finding| {
                (&other.span, &other.message) == (&finding.span, &finding.message)
            };
            if !here.any(is_same) {
                unique.push(finding);
            }
        }
        let findings = unique;
        Self { sources, findings }
    }

    /// One mistake in a text of any language: `span` is of the bytes of `text`, which is called `name`.
    pub fn of(
        (name, text): (&str, &str),
        span: Range<usize>,
        message: &str,
        help: Option<&str>,
    ) -> Self {
        let mut sources = Sources::default();
        sources.add(name.to_owned(), text.to_owned());
        let finding = Finding::new(span, message).help(help.map(str::to_owned));
        Self::new(sources, vec![finding])
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many things are said.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// One line for each: `file:line:column: message (help)`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(|finding| {
            let place = self.sources.place(&finding.span);
            let message = match finding.weight {
                Weight::Error => finding.message.clone(),
                Weight::Warning => format!("warning: {}", finding.message),
            };
            match &finding.help {
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

    fn draw(&self, theme: GraphicalTheme) -> String {
        // Terminals break long lines themselves, and what is to be copied stays in one piece.
        let handler = GraphicalReportHandler::new_themed(theme).with_wrap_lines(false);
        let mut drawn = String::new();
        for (finding, line) in self.findings.iter().zip(self.lines()) {
            let source = self.sources.of(&finding.span);
            match source.filter(|source| !source.text.is_empty()) {
                Some(source) => {
                    let shown = Shown::new(source, finding);
                    // Writing to a string cannot fail; a span outside the text would, and is left out.
                    if handler.render_report(&mut drawn, &shown).is_err() {
                        drawn.push_str(&line);
                    }
                }
                None => drawn.push_str(&line),
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
#[derive(Debug)]
struct Shown<'f> {
    finding: &'f Finding,
    excerpt: Excerpt<'f>,
    at: Range<usize>,
}

impl<'f> Shown<'f> {
    fn new(source: &'f Source, finding: &'f Finding) -> Self {
        Self {
            finding,
            excerpt: Excerpt::new(source, &finding.span),
            at: source.local(&finding.span),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(match self.finding.weight {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.finding.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(None, self.at.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
