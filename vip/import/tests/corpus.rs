//! Whole configurations, and what becomes of them.
//!
//! Each `tests/corpus/NAME.conf` is one of keepalived; beside it are its golden output, `NAME.toml`, and
//! what is said of it, `NAME.findings`. With `UPDATE_GOLDEN=1` they are written anew. The seed's are as it has
//! them; how each of its findings was seen to happen is in docs/keepalived.md.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read files, and a test that cannot go on fails"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use keepalived_import::{Files, Imported, Options, Severity, import};

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }

    fn list(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Err("no configuration of this test includes another".to_owned())
    }

    /// As on a node on which nobody has written the scripts.
    fn runs(&self, program: &str) -> Option<bool> {
        Some(!program.starts_with("/etc/"))
    }
}

/// Each configuration, with what the operator knows besides.
const CORPUS: [(&str, Option<&str>, Option<u8>); 7] = [
    ("seed-1", None, Some(90)),
    ("seed-2", None, None),
    ("checks", None, None),
    ("checks-peer", None, Some(90)),
    ("groups-a", Some("a"), None),
    ("groups-b", Some("b"), None),
    ("broken", None, None),
];

fn imported(name: &str, config_id: Option<&str>, peer_priority: Option<u8>) -> Imported {
    let file = match name.split_once('-') {
        Some((file @ ("checks" | "groups"), _)) => file,
        _ => name,
    };
    let options = Options {
        config_id: config_id.map(str::to_owned),
        peer_priority,
    };
    import(&format!("tests/corpus/{file}.conf"), &Disk, &options).unwrap()
}

fn findings(imported: &Imported) -> String {
    let mut out = String::new();
    for finding in &imported.findings {
        let (severity, id, at) = (finding.severity, finding.id, &finding.at);
        writeln!(out, "{severity:?} {id} {at}\n    {}", finding.message).unwrap();
        if let Some(help) = &finding.help {
            writeln!(out, "    help: {help}").unwrap();
        }
    }
    out
}

#[test]
fn configurations_are_rewritten_as_before() {
    let mut differences = Vec::new();
    for (name, config_id, peer_priority) in CORPUS {
        let imported = imported(name, config_id, peer_priority);
        for (end, said) in [
            ("toml", imported.text.clone()),
            ("findings", findings(&imported)),
        ] {
            let golden = Path::new("tests/corpus").join(format!("{name}.{end}"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&golden, &said).unwrap();
            }
            let expected = fs::read_to_string(&golden).unwrap_or_default();
            if expected != said {
                let golden = golden.display();
                differences.push(format!("{golden} has\n{expected}\nand now it is\n{said}"));
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
fn whatever_is_printed_is_toml() {
    for (name, config_id, peer_priority) in CORPUS {
        let imported = imported(name, config_id, peer_priority);
        if let Err(error) = imported.text.parse::<toml::Table>() {
            panic!("{name}: {error}\n{}", imported.text);
        }
    }
}

/// All traps of the seed that its files show. L8 and L9 are notes, since a file does not show the network.
#[test]
fn the_seeds_traps_are_told() {
    for (name, peer_priority) in [("seed-1", Some(90)), ("seed-2", Some(100))] {
        let imported = imported(name, None, peer_priority);
        for id in [
            "L1", "L2", "L4", "L5", "L6", "L6b", "L7", "L8", "L9", "L10", "L11", "L12", "L14",
        ] {
            assert!(
                imported.findings.iter().any(|finding| finding.id == id),
                "{name}: {id}"
            );
        }
        let lost = imported
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Lost);
        assert_eq!(lost.count(), 0, "{name}");
        assert!(
            imported
                .text
                .contains("http = \"http://127.0.0.1:80/health\""),
            "{name}"
        );
        assert!(imported.text.contains("weight = \"fault\""), "{name}");
    }
}

/// With the weight taken away, as one would mend it, the seed has no holder at all.
#[test]
fn the_seed_without_its_weight_has_no_holder() {
    struct Mended;
    impl Files for Mended {
        fn read(&self, _path: &str) -> Result<String, String> {
            let seed = fs::read_to_string("tests/corpus/seed-1.conf").unwrap();
            Ok(seed.replace("weight -2", "weight 0"))
        }
        fn list(&self, _pattern: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }
        fn runs(&self, _program: &str) -> Option<bool> {
            None
        }
    }
    let imported = import("k.conf", &Mended, &Options::default()).unwrap();
    let third = imported
        .findings
        .iter()
        .find(|finding| finding.id == "L3")
        .unwrap();
    assert_eq!(third.severity, Severity::Problem);
    assert!(third.message.contains("no node holds"), "{}", third.message);
    assert!(imported.findings.iter().all(|finding| finding.id != "L1"));
}

#[test]
fn passwords_are_in_no_text() {
    for (name, config_id, peer_priority) in CORPUS {
        let imported = imported(name, config_id, peer_priority);
        let all = format!("{imported:?}");
        for secret in ["your_kee", "secret12"] {
            assert!(!all.contains(secret), "{name}: {all}");
        }
    }
    let seed = imported("seed-1", None, None);
    assert_eq!(seed.passwords.len(), 1);
    assert_eq!(seed.passwords[0].file, "/etc/hifate/vip-VI_1.pass");
    assert_eq!(seed.passwords[0].secret, "your_keepalived_password");
}
