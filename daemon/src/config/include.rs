//! `include`: one configuration in several files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml::Spanned;
use toml::de::DeTable;

use super::report::Finding;
use super::source::Sources;
use super::{interpolate, merge, names};

/// Reads a file and those that belong to it.
pub(super) struct Loader<'e> {
    env: &'e dyn Fn(&str) -> Option<String>,
    pub(super) sources: Sources,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) findings: Vec<Finding>,
    /// The files that were read, and where they were asked for.
    read: Vec<(PathBuf, String)>,
    /// Those that are being read, each included by the one before.
    open: Vec<PathBuf>,
}

impl<'e> Loader<'e> {
    pub(super) fn new(env: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            env,
            sources: Sources::default(),
            variables: BTreeMap::new(),
            findings: Vec::new(),
            read: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Takes in a file and those that belong to it.
    pub(super) fn take(&mut self, name: String, text: &str) {
        for variable in interpolate::mentioned(text) {
            if let Some(value) = (self.env)(variable) {
                self.variables.insert(variable.to_owned(), value);
            }
        }
        let path = PathBuf::from(&name);
        self.open
            .push(fs::canonicalize(&path).unwrap_or(path.clone()));
        let folder = path.parent().unwrap_or(Path::new(""));
        let base = self.sources.add(name, text.to_owned());
        let (tree, errors) = DeTable::parse_recoverable(text);
        self.findings.extend(errors.iter().map(|error| {
            let finding = Finding::from(error);
            let span = finding.span.start + base..finding.span.end + base;
            Finding { span, ..finding }
        }));
        if let Some(include) = tree.into_inner().remove("include") {
            let include = &mut merge::moved_value(include, base);
            let unresolved = interpolate::value(include, &self.variables);
            let form = ("files", "include = [\"sites/*.toml\"]");
            for pattern in names::names(include, form, &mut self.findings) {
                if !unresolved.iter().any(|found| found.span == pattern.span()) {
                    self.include(folder, &pattern);
                }
            }
            self.findings.extend(unresolved);
        }
        self.open.pop();
    }

    fn include(&mut self, folder: &Path, pattern: &Spanned<String>) {
        let text = pattern.get_ref();
        if !text.contains(['*', '?', '[']) {
            return self.file(&folder.join(text), pattern);
        }
        let escaped = glob::Pattern::escape(&folder.display().to_string());
        let whole = Path::new(&escaped).join(text);
        // As in a shell, so that what editors leave behind (`.#site.toml`) is not read.
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        // Sorted by name.
        match glob::glob_with(&whole.display().to_string(), options) {
            Ok(paths) => {
                for path in paths {
                    match path {
                        Ok(path) => self.file(&path, pattern),
                        Err(error) => self.unreadable(error.path(), error.error(), pattern),
                    }
                }
            }
            Err(error) => {
                let message = format!("`{text}` is not a pattern of files: {}", error.msg);
                self.findings.push(Finding::new(pattern.span(), message));
            }
        }
    }

    /// Takes in a file that another asks for.
    fn file(&mut self, path: &Path, asked: &Spanned<String>) {
        let name = path.display();
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.open.contains(&canonical) {
            let message = format!("`{name}` would include itself");
            self.findings.push(Finding::new(asked.span(), message));
            return;
        }
        if let Some((_, first)) = self.read.iter().find(|(read, _)| *read == canonical) {
            let message = format!("`{name}` is included already ({first})");
            self.findings.push(Finding::new(asked.span(), message));
            return;
        }
        self.read
            .push((canonical, self.sources.line(&asked.span())));
        match fs::read_to_string(path) {
            Ok(text) => self.take(name.to_string(), &text),
            Err(error) => self.unreadable(path, &error, asked),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error, asked: &Spanned<String>) {
        let message = format!("`{}` cannot be read: {error}", path.display());
        self.findings.push(Finding::new(asked.span(), message));
    }
}
