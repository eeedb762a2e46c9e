//! What `hifate-edge check` says about a corpus of broken and of questionable configurations.
//!
//! Each `NAME.toml` in `tests/diagnostics/` has its golden output next to it, `NAME.stderr`; with
//! `UPDATE_GOLDEN=1` they are written anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::process::command;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/diagnostics");

fn configurations(kind: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(CORPUS).join(kind)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    let mut found: Vec<_> = paths.filter(is_toml).collect();
    found.sort();
    found
}

fn check(path: &Path, arguments: &[&str]) -> Output {
    let mut command = command();
    command.current_dir(path.parent().unwrap());
    command.arg("check").args(arguments).arg("--config");
    command.arg(path.file_name().unwrap()).output().unwrap()
}

/// The output, without what depends on the machine.
fn text(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    match text.split_once("at a time, and there is ") {
        Some((before, after)) => {
            let after = after.split_once('G').unwrap().1;
            format!("{before}at a time, and there is ...G{after}")
        }
        None => text.into_owned(),
    }
}

/// How what was said differs from the golden output, if it does.
fn difference(path: &Path, said: &str) -> Option<String> {
    let golden = path.with_extension("stderr");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, said).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    let golden = golden.display();
    (expected != said).then(|| format!("{golden} has\n{expected}\nand now it is\n{said}"))
}

#[test]
fn mistakes_are_told_in_the_right_words_at_the_right_place() {
    let broken = configurations("broken");
    assert!(broken.len() >= 60, "{}", broken.len());
    let mut differences = Vec::new();
    for path in broken {
        let outcome = check(&path, &[]);
        assert_eq!(outcome.status.code(), Some(1), "{}", path.display());
        differences.extend(difference(&path, &text(&outcome.stderr)));
    }
    assert!(
        differences.is_empty(),
        "{}
review this, and write it with UPDATE_GOLDEN=1",
        differences.join(
            "
"
        )
    );
}

#[test]
fn traps_are_warnings_and_with_strict_mistakes() {
    let mut differences = Vec::new();
    for path in configurations("traps") {
        let outcome = check(&path, &[]);
        assert_eq!(outcome.status.code(), Some(0), "{}", path.display());
        assert!(
            !outcome.stderr.is_empty(),
            "{} has no warning",
            path.display()
        );
        differences.extend(difference(&path, &text(&outcome.stderr)));
        let strict = check(&path, &["--strict"]);
        assert_eq!(strict.status.code(), Some(1), "{}", path.display());
    }
    assert!(
        differences.is_empty(),
        "{}
review this, and write it with UPDATE_GOLDEN=1",
        differences.join(
            "
"
        )
    );
}

/// Every text in the sources that tells of a mistake or a trap is in the golden output somewhere.
#[test]
fn every_message_is_in_the_corpus() {
    let mut said = String::new();
    for path in ["broken", "traps"].into_iter().flat_map(configurations) {
        let golden = fs::read_to_string(path.with_extension("stderr")).unwrap();
        said.push_str(&in_one_line(&golden));
    }
    let mut missing = BTreeMap::new();
    for file in sources() {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let texts = literals(code).into_iter().filter(|text| is_message(text));
        let unsaid: Vec<_> = texts.filter(|text| !is_said(text, &said)).collect();
        if !unsaid.is_empty() {
            missing.insert(file, unsaid);
        }
    }
    assert!(missing.is_empty(), "not in tests/diagnostics: {missing:#?}");
}

/// The sources that know what is wrong.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![
        root.join("core/src/config"),
        root.join("../daemon/src/config"),
    ];
    let mut files = vec![
        root.join("core/src/networks.rs"),
        root.join("core/src/address.rs"),
    ];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "snapshots" && name != "file" {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && name != "tests.rs"
                && name != "file.rs"
            {
                files.push(path);
            }
        }
    }
    files
}

/// The string literals of Rust source, unescaped.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let plain = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = plain.collect::<Vec<_>>().join("\n");
    let mut rest = code.as_str();
    while let Some((before, after)) = rest.split_once('"') {
        let mut text = String::new();
        let mut chars = after.char_indices();
        let mut end = after.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, '\n')) => text.push(' '),
                    Some((_, c)) => text.push(c),
                    None => {}
                },
                _ => text.push(c),
            }
        }
        if !before.ends_with("reason = ") && !before.ends_with('\'') {
            literals.push(text);
        }
        rest = &after[end.min(after.len())..];
    }
    literals
}

/// Three words and more are for people.
fn is_message(text: &str) -> bool {
    text.split_whitespace().count() >= 3 && !OF_OTHER_FILES.contains(&text)
}

/// What is said only of types that the edge's file does not have; the tests of `daemon` do.
const OF_OTHER_FILES: [&str; 3] = [
    "expected at least {least} of them, found {}",
    "must not be empty",
    "`{text}` does not match `{pattern}`",
];

fn is_said(text: &str, said: &str) -> bool {
    let plain = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let fragments = plain.split(['{', '}']).step_by(2);
    let fragments = fragments.map(|part| part.replace('\u{1}', "{").replace('\u{2}', "}"));
    let mut fragments = fragments.map(|part| in_one_line(&part));
    fragments.all(|part| said.contains(&part))
}

/// Without the frames and the line breaks of the drawing.
fn in_one_line(text: &str) -> String {
    let plain = text.replace(['│', '╭', '╰', '─', '×', '⚠', '·'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
