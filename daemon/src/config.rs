//! From a TOML file to a written configuration, with every mistake shown at its place.
//!
//! Reading goes through three sieves, each of which reports all it finds before giving up:
//!
//! 1. the TOML syntax;
//! 2. `${NAME}` and `${NAME:-default}` in string values, replaced from the environment;
//! 3. the JSON schema of the target type: unknown keys, wrong types, missing keys, words that are
//!    not in the list, quantities that cannot be read.
//!
//! Only then is the value deserialised. What a schema cannot say (an upstream that does not exist, a
//! certificate without its key) is noticed by the pure crates, which answer with
//! [`Problem`]s; [`Document::report`] finds the lines they stand on.
//!
//! Written types derive `Deserialize` and `JsonSchema` with `#[serde(deny_unknown_fields)]`. They do
//! not use `#[serde(flatten)]`: TOML spans do not survive it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::{env, fs};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use settings::{Place, Problem, Step};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

mod interpolate;
mod report;
mod schema;

use report::Finding;
pub use report::Report;

/// A configuration file that is well-formed TOML.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: String,
    /// The environment variables the text mentions, as they were when it was read.
    variables: BTreeMap<String, String>,
}

impl Document {
    /// Reads the file at `path`, with variables from the environment of this process.
    pub fn load(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(name, text, &|variable| env::var(variable).ok()),
            Err(error) => Err(Report::unreadable(name, &error)),
        }
    }

    /// Parses `text`, which is called `name` in reports, with variables from `env`.
    pub fn parse(
        name: impl Into<String>,
        text: impl Into<String>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Report> {
        let (name, text) = (name.into(), text.into());
        let (_, errors) = DeTable::parse_recoverable(&text);
        if errors.is_empty() {
            let variables = interpolate::mentioned(&text)
                .filter_map(|name| Some((name.to_owned(), env(name)?)))
                .collect();
            return Ok(Self {
                name,
                text,
                variables,
            });
        }
        let findings = errors.iter().map(Finding::from).collect();
        Err(Report::new(name, text, findings))
    }

    /// What reports call this document: the path it was loaded from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The document as a `T`, or everything that keeps it from being one.
    pub fn read<T: JsonSchema + DeserializeOwned>(&self) -> Result<T, Report> {
        let (mut tree, _) = DeTable::parse_recoverable(&self.text);
        let mut findings = interpolate::table(tree.get_mut(), &self.variables);

        let schema = SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<T>();
        let unresolved: Vec<_> = findings
            .iter()
            .map(|finding| finding.span.clone())
            .collect();
        let mismatches = schema::mismatches(&schema, &tree);
        findings.extend(
            mismatches
                .into_iter()
                .filter(|found| !unresolved.contains(&found.span)),
        );
        if !findings.is_empty() {
            return Err(self.found(findings));
        }
        T::deserialize(Deserializer::from(tree)).map_err(|error| self.found(vec![(&error).into()]))
    }

    /// A report of problems that were noticed in what [`Document::read`] returned.
    pub fn report(&self, problems: Vec<Problem>) -> Report {
        let (tree, _) = DeTable::parse_recoverable(&self.text);
        let findings = problems
            .into_iter()
            .map(|Problem { at, message, help }| Finding {
                span: locate(&tree, &at),
                message,
                help,
            });
        self.found(findings.collect())
    }

    fn found(&self, findings: Vec<Finding>) -> Report {
        Report::new(self.name.clone(), self.text.clone(), findings)
    }
}

/// The text that `place` names, or the nearest enclosing text when the file leaves it out.
fn locate(tree: &Spanned<DeTable<'_>>, place: &Place) -> Range<usize> {
    let mut span = 0..0;
    let Some((Step::Key(first), rest)) = place.steps().split_first() else {
        return span;
    };
    let Some((key, mut value)) = tree.get_ref().get_key_value(first.as_str()) else {
        return span;
    };
    span = written(&key.span(), value);
    for step in rest {
        let inner = match (step, value.get_ref()) {
            (Step::Key(key), DeValue::Table(table)) => table
                .get_key_value(key.as_str())
                .map(|(key, inner)| (key.span(), inner)),
            (Step::Index(index), DeValue::Array(array)) => {
                array.get(*index).map(|inner| (inner.span(), inner))
            }
            _ => None,
        };
        let Some((key, inner)) = inner else { break };
        span = written(&key, inner);
        value = inner;
    }
    span
}

/// What to underline for a value: itself, or its key when it is a table or a list of tables.
fn written(key: &Range<usize>, value: &Spanned<DeValue<'_>>) -> Range<usize> {
    match value.get_ref() {
        DeValue::Table(_) | DeValue::Array(_) => key.clone(),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => value.span(),
    }
}

#[cfg(test)]
mod tests;
