//! Runs `tests/oracle/compare.py`, the comparison with calendars in Python.
//!
//! `HIFATE_PYTHON` names an interpreter with the packages of
//! `tests/oracle/requirements.txt`; `make setup` prepares one.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the crate is pure, its oracle is a process"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn calendars_in_python_agree() {
    let python = std::env::var("HIFATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new("tests/oracle/compare.py");
    let binary = example("pillars");
    let output = Command::new(&python)
        .arg(script)
        .arg("--binary")
        .arg(binary)
        .output();
    let output = output.unwrap_or_else(|error| panic!("{python} does not start: {error}"));
    let report = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{python} compare.py: {}\n{report}{errors}",
        output.status
    );
    println!("{report}");
}

/// An example of this package; Cargo builds them along with the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let path = profile.join("examples").join(name);
    assert!(
        path.exists(),
        "build it: cargo build -p bazi --release --example {name}"
    );
    path
}
