//! A document as the type that it is to become, and what is to be said about it.

use std::collections::BTreeSet;

use schemars::Schema;
use serde::de::DeserializeOwned;
use settings::{Place, Problem};
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::locate::locate;
use super::prune::Edit;
use super::report::{Finding, Weight};
use super::source::Sources;
use super::{Report, block, print, prune, schema};

/// What came of reading a document as a `T`: as much of it as can be read, and every mistake so far.
#[derive(Debug)]
pub struct Reading<'d, T> {
    sources: &'d Sources,
    /// What was read, to find the places of problems in.
    tree: DeTable<'d>,
    written: Option<T>,
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
    /// Where something was left out.
    gone: Vec<Place>,
    schema: Schema,
    /// The keys that presets and defaults have added.
    filled: BTreeSet<usize>,
}

impl<'d, T: DeserializeOwned> Reading<'d, T> {
    pub(super) fn new(
        sources: &'d Sources,
        mut tree: DeTable<'d>,
        schema: Schema,
        mut findings: Vec<Finding>,
    ) -> Self {
        let refused: Vec<_> = findings.iter().map(|found| found.span.clone()).collect();
        let filled = block::fill(&schema, &mut tree);
        let compared = schema::compare(&schema, &tree, &refused, &filled.incomplete);
        findings.extend(filled.findings);
        findings.extend(compared.findings);
        let mut edits = compared.edits;
        // Nobody knows what these presets would have said.
        let unknown = filled.incomplete.iter();
        edits.extend(unknown.map(|block| Edit::Remove(block.key("use"))));
        let gone = prune::prune(&mut tree, &edits);
        for about_blocks in ["defaults", "preset"] {
            tree.remove(about_blocks);
        }
        let written = if compared.readable {
            let root = Spanned::new(0..0, tree.clone());
            T::deserialize(Deserializer::from(root))
                .map_err(|error| findings.push((&error).into()))
                .ok()
        } else {
            None
        };
        Self {
            sources,
            schema,
            tree,
            written,
            findings,
            warnings: filled.warnings,
            gone,
            filled: filled.keys,
        }
    }
}

impl<T> Reading<'_, T> {
    /// The document as a `T`, or everything that keeps it from being one.
    pub fn into_written(self) -> Result<T, Report> {
        match self.written {
            Some(written) if self.findings.is_empty() => Ok(written),
            _ => Err(Report::new(self.sources.clone(), self.findings)),
        }
    }

    /// What `meaning` makes of the document, or everything that is wrong with it: what was found in
    /// reading it, and what `meaning` says about the rest.
    pub fn meant<U>(
        &self,
        meaning: impl FnOnce(&T) -> Result<U, Vec<Problem>>,
    ) -> Result<U, Report> {
        let mut findings = self.findings.clone();
        match self.written.as_ref().map(meaning) {
            Some(Ok(meant)) if findings.is_empty() => return Ok(meant),
            Some(Err(problems)) => {
                let own = problems
                    .into_iter()
                    .filter(|problem| !self.is_consequence(problem));
                findings.extend(own.map(|problem| self.finding(Weight::Error, problem)));
            }
            Some(Ok(_)) | None => {}
        }
        Err(Report::new(self.sources.clone(), findings))
    }

    /// A report of traps in a configuration that is not wrong.
    pub fn warnings(&self, problems: Vec<Problem>) -> Report {
        let mut findings = self.warnings.clone();
        let problems = problems.into_iter();
        findings.extend(problems.map(|problem| self.finding(Weight::Warning, problem)));
        Report::new(self.sources.clone(), findings)
    }

    /// The document as one file of TOML that says all that it comes to be, what is included and filled
    /// in with a comment about where it stands, and built-in defaults as comments.
    pub fn print(&self) -> String {
        print::print(&self.schema, &self.tree, self.sources, &self.filled)
    }

    /// Whether a problem rests on something that was left out, or on what is inside of its own place.
    fn is_consequence(&self, problem: &Problem) -> bool {
        self.gone.iter().any(|gone| {
            gone.is_within(&problem.at)
                || problem
                    .rests_on
                    .iter()
                    .any(|needed| gone.is_within(needed) || needed.is_within(gone))
        })
    }

    fn finding(&self, weight: Weight, problem: Problem) -> Finding {
        let other = problem
            .other
            .map(|other| self.sources.line(&locate(&self.tree, &other)));
        let message = match other {
            Some(line) => format!("{} ({line})", problem.message),
            None => problem.message,
        };
        Finding {
            span: locate(&self.tree, &problem.at),
            weight,
            message,
            help: problem.help,
        }
    }
}
