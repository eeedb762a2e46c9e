//! What `hifate-edge check` says about a corpus of broken and of questionable configurations.
//!
//! Each `NAME.toml` in `tests/diagnostics/` has its golden output next to it, `NAME.stderr`; with
//! `UPDATE_GOLDEN=1` they are written anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::http::request;
use crate::origin::{Origin, answer};
use crate::process::{Edge, command, free_address, ours, proxy_to, server};
use crate::upstream_tls::Authority;

fn configurations(kind: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(ours(&format!("tests/diagnostics/{kind}"))).unwrap();
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
fn difference(golden: &Path, said: &str) -> Option<String> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, said).unwrap();
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
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
        differences.extend(difference(
            &path.with_extension("stderr"),
            &text(&outcome.stderr),
        ));
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
        differences.extend(difference(
            &path.with_extension("stderr"),
            &text(&outcome.stderr),
        ));
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

#[test]
fn the_configurations_that_are_shipped_have_no_traps() {
    // What `hifate up` makes for its own.
    let made = Authority::new();
    made.sign("edge", "localhost");
    for name in ["edge.toml", "dev/edge.toml"] {
        let path = PathBuf::from(ours("../conf")).join(name);
        let mut command = command();
        command.envs([
            ("MASTER_NODE_IP", "10.0.0.1"),
            ("SLAVE_NODE_IP", "10.0.0.2"),
            ("HIFATE_DATA", made.path("").to_str().unwrap()),
        ]);
        let outcome = command
            .args(["check", "--strict", "--config"])
            .arg(path)
            .output();
        let outcome = outcome.unwrap();
        assert_eq!(
            outcome.status.code(),
            Some(0),
            "{name}: {}",
            text(&outcome.stderr)
        );
    }
}

#[test]
fn warnings_are_in_the_log_of_a_start_and_of_a_reload() {
    let trap = proxy_to(&[
        server(free_address(), ", weight = 2"),
        server(free_address(), ", backup = true"),
    ]);
    let edge = Edge::start(&trap);
    let warnings = || {
        let log = edge.log();
        let told = |line: &&str| line.contains("WARN") && line.contains("the weight has no effect");
        log.lines().filter(told).count()
    };
    assert_eq!(warnings(), 1, "{}", edge.log());
    assert!(edge.reload().status.success());
    edge.eventually("the warning is told again", || warnings() == 2);
}

#[test]
fn a_reload_reads_included_files_again() {
    let origin = Origin::start(|_, stream| answer(stream, "from the server"));
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let config = fs::read_to_string(edge.path("edge.toml")).unwrap();
    let include = format!("include = [\"sites/*.toml\"]\n{config}");
    let reload = |status: u16| {
        let site = "[[site]]\nnames = [\"other\"]\n[[site.route]]\npath = \"/\"\n";
        fs::create_dir_all(edge.path("sites")).unwrap();
        let text = format!("{site}respond = {{ status = {status} }}\n");
        fs::write(edge.path("sites/other.toml"), text).unwrap();
        fs::write(edge.path("edge.toml"), &include).unwrap();
        edge.reload()
    };
    let other = "GET / HTTP/1.1\r\nHost: other\r\n\r\n";
    assert!(reload(418).status.success());
    assert_eq!(request(edge.http, other).status, 418);
    let refused = reload(99);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("sites/other.toml:5:"), "{said}");
    assert_eq!(
        request(edge.http, other).status,
        418,
        "the old one stays in use"
    );
}

/// What `check --print` prints is a configuration that says the same, with nothing from elsewhere.
#[test]
fn what_is_printed_can_be_printed_again() {
    let folder = tempfile::tempdir().unwrap();
    let print = |path: &Path| {
        let outcome = check(path, &["--print"]);
        let mistakes = text(&outcome.stderr);
        assert_eq!(
            outcome.status.code(),
            Some(0),
            "{}: {mistakes}",
            path.display()
        );
        String::from_utf8(outcome.stdout).unwrap()
    };
    let conf = PathBuf::from(ours("../conf/dev/edge.toml"));
    let printed_here = PathBuf::from(ours("tests/diagnostics/printed/edge.toml"));
    let mut all = configurations("traps");
    all.extend([conf, printed_here.clone()]);
    for path in all {
        let first = print(&path);
        let again = folder.path().join("again.toml");
        fs::write(&again, &first).unwrap();
        let lines = first
            .lines()
            .map(|line| line.split("  # from ").next().unwrap());
        let plain: String = lines.flat_map(|line| [line, "\n"]).collect();
        assert_eq!(print(&again), plain, "{}", path.display());
    }
    let printed = print(&printed_here);
    let golden = printed_here.with_extension("stdout");
    assert_eq!(difference(&golden, &printed), None);
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
    let root = PathBuf::from(ours("."));
    let mut folders = vec![
        root.join("core/src/config"),
        root.join("../daemon/src/config"),
    ];
    let mut files = vec![
        root.join("core/src/networks.rs"),
        root.join("core/src/address.rs"),
        root.join("../daemon/src/config/block/fill.rs"),
    ];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                // Descriptions and tests have texts for people as well.
                if !["snapshots", "file", "block", "tests"].contains(&name) {
                    folders.push(path);
                }
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
