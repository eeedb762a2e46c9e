//! From a TOML file to a written configuration, with every mistake shown at its place.
//!
//! The text, and that of the files which it includes, has to be TOML; that is settled first. All else
//! is reported at once:
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

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use settings::Place;
use toml::de::DeTable;

mod block;
mod excerpt;
mod include;
mod interpolate;
mod locate;
mod merge;
mod names;
mod print;
mod prune;
mod reading;
mod report;
mod schema;
mod source;

use include::Loader;
pub use reading::Reading;
use report::Finding;
pub use report::Report;
use source::Sources;

/// A configuration of well-formed TOML: a file, and those that it includes.
#[derive(Debug, Clone)]
pub struct Document {
    sources: Sources,
    /// The environment variables the text mentions, as they were when it was read.
    variables: BTreeMap<String, String>,
}

impl Document {
    /// Reads the file at `path` and those that it includes, with variables from the environment of
    /// this process.
    pub fn load(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(name, text, &|variable| env::var(variable).ok()),
            Err(error) => Err(unreadable(name, &error)),
        }
    }

    /// Parses `text`, which is called `name` in reports and includes files relative to that, with
    /// variables from `env`.
    pub fn parse(
        name: impl Into<String>,
        text: impl Into<String>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Report> {
        let mut loader = Loader::new(env);
        loader.take(name.into(), &text.into());
        let Loader {
            sources,
            variables,
            findings,
            ..
        } = loader;
        if findings.is_empty() {
            Ok(Self { sources, variables })
        } else {
            Err(Report::new(sources, findings))
        }
    }

    /// Reads the document as a `T`, as far as that is possible.
    pub fn read<T: JsonSchema + DeserializeOwned>(&self) -> Reading<'_, T> {
        let (tree, findings) = self.tree();
        Reading::new(&self.sources, tree, schema::<T>(), findings)
    }

    /// All files as one, with what could not be made of them.
    fn tree(&self) -> (DeTable<'_>, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut tree = DeTable::new();
        for source in self.sources.iter() {
            let (file, _) = DeTable::parse_recoverable(&source.text);
            let mut file = merge::moved(file.into_inner(), source.base);
            file.remove("include");
            findings.extend(interpolate::table(&mut file, &self.variables));
            merge::merge(
                &mut tree,
                file,
                &Place::root(),
                &self.sources,
                &mut findings,
            );
        }
        (tree, findings)
    }
}

/// The JSON schema of configuration files for a `T`.
pub fn schema<T: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft2020_12().into_generator();
    block::with_blocks(generator.into_root_schema_for::<T>())
}

fn unreadable(name: String, error: &io::Error) -> Report {
    let mut sources = Sources::default();
    sources.add(name, String::new());
    let message = format!("cannot be read: {error}");
    Report::new(sources, vec![Finding::new(0..0, message)])
}

#[cfg(test)]
mod tests;
