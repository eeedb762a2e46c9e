//! From a TOML file to a written configuration, with every mistake shown at its place.
//!
//! The text has to be TOML; that is settled first. All else is reported at once:
//!
//! 1. `${NAME}` and `${NAME:-default}` in string values, replaced from the environment;
//! 2. the JSON schema of the target type: unknown keys, wrong types, missing keys, words that are
//!    not in the list, quantities that cannot be read;
//! 3. what a schema cannot say (an upstream that does not exist, a certificate without its key) is
//!    noticed by the pure crates, which answer with [`Problem`](settings::Problem)s;
//!    [`Reading::meant`] finds the lines they stand on.
//!
//! What one step refuses is left out for the next, and the next says nothing that is only a
//! consequence of that.
//!
//! Written types derive `Deserialize` and `JsonSchema` with `#[serde(deny_unknown_fields)]`. They do
//! not use `#[serde(flatten)]`: TOML spans do not survive it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use toml::de::DeTable;

mod interpolate;
mod locate;
mod prune;
mod reading;
mod report;
mod schema;
mod source;

pub use reading::Reading;
use report::Finding;
pub use report::Report;
use source::Sources;

/// A configuration file that is well-formed TOML.
#[derive(Debug, Clone)]
pub struct Document {
    sources: Sources,
    /// The environment variables the text mentions, as they were when it was read.
    variables: BTreeMap<String, String>,
}

impl Document {
    /// Reads the file at `path`, with variables from the environment of this process.
    pub fn load(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(name, text, &|variable| env::var(variable).ok()),
            Err(error) => Err(unreadable(name, &error)),
        }
    }

    /// Parses `text`, which is called `name` in reports, with variables from `env`.
    pub fn parse(
        name: impl Into<String>,
        text: impl Into<String>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Report> {
        let text = text.into();
        let (_, errors) = DeTable::parse_recoverable(&text);
        let findings: Vec<_> = errors.iter().map(Finding::from).collect();
        let variables = interpolate::mentioned(&text)
            .filter_map(|name| Some((name.to_owned(), env(name)?)))
            .collect();
        let mut sources = Sources::default();
        sources.add(name.into(), text);
        if findings.is_empty() {
            Ok(Self { sources, variables })
        } else {
            Err(Report::new(sources, findings))
        }
    }

    /// Reads the document as a `T`, as far as that is possible.
    pub fn read<T: JsonSchema + DeserializeOwned>(&self) -> Reading<'_, T> {
        let schema = SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<T>();
        let text = self
            .sources
            .iter()
            .map(|source| source.text.as_str())
            .next();
        let (tree, _) = DeTable::parse_recoverable(text.unwrap_or_default());
        let mut tree = tree.into_inner();
        let findings = interpolate::table(&mut tree, &self.variables);
        Reading::new(&self.sources, tree, &schema, findings)
    }
}

fn unreadable(name: String, error: &io::Error) -> Report {
    let mut sources = Sources::default();
    sources.add(name, String::new());
    let message = format!("cannot be read: {error}");
    Report::new(sources, vec![Finding::new(0..0, message)])
}

#[cfg(test)]
mod tests;
