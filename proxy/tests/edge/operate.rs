//! Reloads, upgrades and drains under load: nothing is lost. With larger numbers by hand:
//! `benches/load/operate.py`.

use std::path::PathBuf;
use std::process::Command;

#[test]
fn an_operator_costs_no_user_a_request() {
    let script = "../benches/load/operate.py";
    let python = std::env::var_os("HIFATE_PYTHON").map_or("python3".into(), PathBuf::from);
    let results = tempfile::tempdir().unwrap();
    let outcome = Command::new(python)
        .args([script, "--edge", env!("CARGO_BIN_EXE_hifate-edge"), "--out"])
        .arg(results.path())
        .args(["--reloads", "10", "--upgrades", "5", "--drains", "3"])
        .args(["--websockets", "50", "--streams", "10", "--calls", "10"])
        .args(["--requests", "4", "--warm-up", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    let complaint = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{said}{complaint}");
    for kind in [
        "HTTP/1 requests",
        "HTTPS requests",
        "HTTP/2 requests",
        "gRPC calls",
    ] {
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("| {kind} ")));
        let made = line.unwrap().split('|').nth(2).unwrap().trim();
        assert!(made.parse::<u32>().unwrap() > 50, "{said}");
    }
}
