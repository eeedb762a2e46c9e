//! The program on the command line.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hifate-backend"));
    program.env_remove("RUST_LOG");
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_chart_is_a_table() {
    let output = run(&["chart", "1990-06-15T12:30", "male"]);
    assert!(output.status.success());
    assert_snapshot!("table", text(&output.stdout));
}

#[test]
fn a_chart_is_the_json_of_the_web_app() {
    let output = run(&[
        "chart",
        "1990-06-15 23:30",
        "女",
        "--zi-mode",
        "late",
        "--json",
    ]);
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(data["rizhu"], "辛亥");
    assert_eq!(data["bazi"]["basic_info"]["gender"], "female");
}

#[test]
fn a_birth_that_does_not_exist_is_refused() {
    let output = run(&["chart", "1990-02-30T25:00", "cat"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr), @r#"
    1990-02-30: February 1990 has 28 days
    25:00:00: a time lies between 00:00:00 and 23:59:59
    "cat" is not a gender: write male or female
    "#);
    assert_eq!(run(&["chart", "1990-02-30"]).status.code(), Some(2));
}

#[test]
fn a_bad_configuration_is_shown_with_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backend.toml");
    fs::write(&path, "[web]\nlisten = '127.0.0.1:8001'\nmax_bdy = '1M'\n").unwrap();
    let output = run(&["check", "--config", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stderr).replace(folder.path().to_str().unwrap(), "[folder]");
    assert_snapshot!(shown, @r"
     × unknown key `max_bdy`
      ╭─[[folder]/backend.toml:3:1]
    2 │ listen = '127.0.0.1:8001'
    3 │ max_bdy = '1M'
      · ───────
      ╰────
     help: did you mean `max_body`?
    ");
    fs::write(&path, "[web]\nmax_body = '1M'\n").unwrap();
    assert!(
        run(&["check", "--config", path.to_str().unwrap()])
            .status
            .success()
    );
}

#[test]
fn it_describes_itself() {
    let schema: serde_json::Value = serde_json::from_slice(&run(&["schema"]).stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    for arguments in [
        &["completions", "bash"][..],
        &["man"],
        &["--version"],
        &["--help"],
    ] {
        let output = run(arguments);
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{arguments:?}"
        );
    }
}

#[test]
fn migrating_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hifate.db");
    let migrate = ["migrate", "--database", path.to_str().unwrap()];
    let first = run(&migrate);
    assert!(text(&first.stdout).starts_with("schema version 1, node "));
    assert_eq!(run(&migrate).stdout, first.stdout);
}

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let output = run(&["serve", "bazi-core", "--bazi-core", &address]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains(&address) && said.contains("--bazi-core"),
        "{said}"
    );
}

#[test]
fn it_stops_when_told_and_when_its_parent_is_gone() {
    for by_signal in [true, false] {
        let mut child = program()
            .args([
                "serve",
                "web",
                "bazi-core",
                "--web",
                "0",
                "--bazi-core",
                "0",
            ])
            .arg("--stop-on-stdin-eof")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = |line: &Result<String, _>| line.as_ref().unwrap().contains("part=\"web\"");
        assert!(lines.any(|line| listening(&line)));
        let began = Instant::now();
        if by_signal {
            let id = Pid::from_raw(child.id().try_into().unwrap());
            kill(id, Signal::SIGTERM).unwrap();
        } else {
            drop(child.stdin.take());
        }
        while child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_secs(2), "it does not stop");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(
            child.wait().unwrap().code(),
            Some(0),
            "by signal: {by_signal}"
        );
    }
}
