//! Whole configurations, and what becomes of them.
//!
//! Each directory of `tests/corpus/` is one of nginx; beside it are its golden output, `NAME.toml`, and
//! what is said of it, `NAME.notes`. With `UPDATE_GOLDEN=1` they are written anew.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read files, and a test that cannot go on fails"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use daemon::config::Document;
use edge_core::config::{Config, file};
use nginx_import::{Files, Imported, import};

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        fs::read(path).map_err(|error| error.to_string())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let found = glob::glob(pattern).map_err(|error| error.to_string())?;
        Ok(found
            .map(|path| path.unwrap().display().to_string())
            .collect())
    }
}

/// The main file of each configuration, relative to the crate.
fn corpus() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in fs::read_dir("tests/corpus").unwrap() {
        let directory = directory.unwrap().path();
        if directory.is_dir() {
            let mut files: Vec<_> = glob::glob(&format!("{}/*.conf", directory.display()))
                .unwrap()
                .collect();
            found.push(files.remove(0).unwrap());
        }
    }
    found.sort();
    found
}

fn imported(main: &Path) -> Imported {
    import(main.to_str().unwrap(), &Disk, "/usr/share/nginx").unwrap()
}

fn notes(imported: &Imported) -> String {
    let mut out = String::new();
    for note in &imported.notes {
        writeln!(
            out,
            "{:?} {}: {}\n    {}",
            note.severity, note.at, note.directive, note.message
        )
        .unwrap();
        if let Some(help) = &note.help {
            writeln!(out, "    help: {help}").unwrap();
        }
    }
    out
}

#[test]
fn configurations_are_rewritten_as_before() {
    let mut differences = Vec::new();
    for main in corpus() {
        let imported = imported(&main);
        let directory = main.parent().unwrap();
        for (end, said) in [("toml", imported.text.clone()), ("notes", notes(&imported))] {
            let golden = directory.with_extension(end);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&golden, &said).unwrap();
            }
            let expected = fs::read_to_string(&golden).unwrap_or_default();
            if expected != said {
                differences.push(format!(
                    "{} has\n{expected}\nand now it is\n{said}",
                    golden.display()
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{}\nreview this, and write it with UPDATE_GOLDEN=1",
        differences.join("\n")
    );
}

#[test]
fn whatever_is_printed_is_a_configuration() {
    let configurations = corpus();
    assert!(configurations.len() >= 9, "{}", configurations.len());
    for main in configurations {
        let text = imported(&main).text;
        let env = |name: &str| Some(name.to_lowercase().replace('_', "-"));
        let document = Document::parse("imported", text.as_str(), &env).unwrap();
        let reading = document.read::<file::Config>();
        if let Err(report) = reading.meant(Config::from_file) {
            panic!("{}\n{report}\n{text}", main.display());
        }
    }
}

#[test]
fn the_users_own_configuration_loses_nothing() {
    let imported = imported(Path::new("tests/corpus/seed/HiFate-bazi.conf"));
    let worst = imported.notes.iter().map(|note| note.severity).min();
    assert_eq!(
        worst,
        Some(nginx_import::Severity::Info),
        "{}",
        notes(&imported)
    );
}
