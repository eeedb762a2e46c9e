//! What `hifate-vip check` says about a corpus of broken and of questionable configurations, and about those that the
//! importer writes; and the schema of the configuration.
//!
//! Each `NAME.toml` in `tests/diagnostics/` has its golden output next to it, `NAME.stderr`; with
//! `UPDATE_GOLDEN=1` they are written anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::command;

/// A path in the package.
fn ours(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    let mut found: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == end));
    found.sort();
    found
}

fn configurations(kind: &str) -> Vec<PathBuf> {
    files(&ours("tests/diagnostics").join(kind), "toml")
}

fn check(path: &Path, arguments: &[&str]) -> Output {
    let mut command = command();
    command.current_dir(path.parent().unwrap());
    command.arg("check").args(arguments).arg("--config");
    command.arg(path.file_name().unwrap()).output().unwrap()
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// How what was said differs from the golden output, if it does.
fn difference(golden: &Path, said: &str) -> Option<String> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, said).unwrap();
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    let golden = golden.display();
    (expected != said).then(|| format!("{golden} has\n{expected}\nand now it is\n{said}"))
}

fn assert_none(differences: &[String]) {
    let all = differences.join("\n");
    assert!(
        all.is_empty(),
        "{all}\nreview this, and write it with UPDATE_GOLDEN=1"
    );
}

#[test]
fn mistakes_are_told_in_the_right_words_at_the_right_place() {
    let broken = configurations("broken");
    assert!(broken.len() >= 35, "{}", broken.len());
    let mut differences = Vec::new();
    for path in broken {
        let outcome = check(&path, &[]);
        assert_eq!(outcome.status.code(), Some(1), "{}", path.display());
        assert!(outcome.stdout.is_empty(), "{}", path.display());
        let golden = path.with_extension("stderr");
        differences.extend(difference(&golden, &text(&outcome.stderr)));
    }
    assert_none(&differences);
}

#[test]
fn traps_are_warnings_and_with_strict_mistakes() {
    let mut differences = Vec::new();
    for path in configurations("traps") {
        let outcome = check(&path, &[]);
        assert_eq!(outcome.status.code(), Some(0), "{}", path.display());
        let said = text(&outcome.stderr);
        assert!(said.contains('⚠'), "{} has no warning", path.display());
        differences.extend(difference(&path.with_extension("stderr"), &said));
        // With how long a failover takes.
        let told = text(&outcome.stdout);
        differences.extend(difference(&path.with_extension("stdout"), &told));
        let strict = check(&path, &["--strict"]);
        assert_eq!(strict.status.code(), Some(1), "{}", path.display());
    }
    assert_none(&differences);
}

/// The weight with which the address never moved.
#[test]
fn the_weight_of_the_seed_is_refused_with_the_sum() {
    let outcome = check(&ours("tests/diagnostics/broken/seed_weight.toml"), &[]);
    let said = text(&outcome.stderr);
    assert!(said.contains("100 - 2 = 98, still not below 90"), "{said}");
}

#[test]
fn keys_and_passwords_are_not_repeated() {
    for path in [configurations("broken"), configurations("traps")].concat() {
        let outcome = check(&path, &[]);
        let said = text(&outcome.stderr) + &text(&outcome.stdout);
        for secret in ["your_keepalived", "aaaa", "not a key", "0xabc"] {
            assert!(!said.contains(secret), "{}: {said}", path.display());
        }
    }
}

/// What the importer writes is good, except where what it read was not.
#[test]
fn what_is_imported_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "secret\n").unwrap();
    let password = password.to_str().unwrap();
    let mut checked = 0;
    for path in files(&ours("import/tests/corpus"), "toml") {
        if path.file_stem().unwrap() == "broken" {
            continue;
        }
        let written = fs::read_to_string(&path).unwrap();
        let here: Vec<_> = written
            .lines()
            .map(|line| match line.split_once("password_file = \"") {
                Some((before, after)) => {
                    let after = after.split_once('"').unwrap().1;
                    format!("{before}password_file = \"{password}\"{after}\n")
                }
                None => format!("{line}\n"),
            })
            .collect();
        let copy = folder.path().join(path.file_name().unwrap());
        fs::write(&copy, here.concat()).unwrap();
        let mut command = command();
        command.env("VIRTUAL_IP", "172.16.0.100");
        command.args(["check", "--config"]).arg(&copy);
        let outcome = command.output().unwrap();
        let said = text(&outcome.stderr);
        assert!(outcome.status.success(), "{}: {said}", path.display());
        checked += 1;
    }
    assert!(checked >= 6, "{checked}");
}

/// The schema is what editors complete and check with; a change of it is a change of the contract.
#[test]
fn the_schema_is_the_one_in_conf() {
    let schema = command().arg("schema").output().unwrap().stdout;
    let golden = ours("../conf/schema/vip.json");
    assert_none(&Vec::from_iter(difference(&golden, &text(&schema))));
}

/// Every text in the sources that tells of a mistake or a trap is in the golden output somewhere.
#[test]
fn every_message_is_in_the_corpus() {
    let mut said = String::new();
    for path in [configurations("broken"), configurations("traps")].concat() {
        let golden = fs::read_to_string(path.with_extension("stderr")).unwrap();
        said.push_str(&in_one_line(&golden));
    }
    let mut missing = BTreeMap::new();
    let mut sources = files(&ours("src/config"), "rs");
    sources.retain(|path| !path.ends_with("file.rs") && !path.ends_with("tests.rs"));
    sources.push(ours("src/config.rs"));
    assert!(sources.len() >= 5, "{sources:?}");
    for file in sources {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let mut unsaid = messages(code);
        unsaid.retain(|text| !is_said(text, &said));
        if !unsaid.is_empty() {
            missing.insert(file, unsaid);
        }
    }
    assert!(missing.is_empty(), "not in tests/diagnostics: {missing:#?}");
}

/// The string literals of Rust source that are for people: three words and more.
fn messages(code: &str) -> Vec<String> {
    let plain = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = plain.collect::<Vec<_>>().join("\n");
    // A quote that is escaped, or a character of its own, ends nothing.
    let code = code.replace("\\\"", "\u{1}").replace("'\"'", "");
    let literals = code.split('"').skip(1).step_by(2);
    let literals = literals.map(|text| text.replace('\u{1}', "\""));
    literals
        .filter(|text| text.split_whitespace().count() >= 3)
        .collect()
}

/// Whether all that a message says whatever it is about was said.
fn is_said(message: &str, said: &str) -> bool {
    let mut fragments = message.split(['{', '}']).step_by(2);
    fragments.all(|part| said.contains(&in_one_line(part)))
}

/// Without the frames and the line breaks of the drawing.
fn in_one_line(text: &str) -> String {
    let plain = text.replace(['│', '╭', '╰', '─', '×', '⚠', '·'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
