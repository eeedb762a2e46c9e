//! New processes that do not get as far as to take over: everything stays as it was.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Program, complaint, config, process_id, upgrade};
use crate::http::get;
use crate::origin::Origin;
use crate::process::{command, free_address};
use crate::reload::Load;

#[test]
fn c4_a_broken_program_changes_nothing() {
    let origin = Origin::saying("still here");
    let program = Program::new();
    let edge = program.start(&config(2, &origin).replace("\"10s\"", "\"1s\""));
    let id = process_id(&edge);
    let load = Load::on(&edge);
    for (script, said) in [
        (
            "exit 1",
            "the new process ended (exit status: 1) before it was ready",
        ),
        (
            "kill -9 $$",
            "the new process ended (signal: 9 (SIGKILL)) before it was ready",
        ),
        ("exec sleep 60", "the new process was not ready within 1s"),
        (
            "exec sh -c \"cat > /dev/null\"",
            "the new process was not ready within 1s",
        ),
        ("exec echo ready >&0", "the new process ended"),
    ] {
        program.replace_by_script(script);
        let message = complaint(&edge.command("upgrade"));
        assert!(message.contains(said), "{script}: {message}");
        assert!(edge.log().contains(said), "{}", edge.log());
        assert_eq!(process_id(&edge), id);
    }
    fs::remove_file(program.path()).unwrap();
    let message = complaint(&edge.command("upgrade"));
    assert!(
        message.contains("cannot be started: No such file"),
        "{message}"
    );
    assert!(load.end() > 0);
    assert_eq!(
        edge.metric("edge_upgrades_total", &["result=\"failure\""]),
        6
    );
    assert_eq!(
        edge.metric("edge_upgrades_total", &["result=\"success\""]),
        0
    );
    assert_eq!(edge.processes(), [id]);
    program.replace(Path::new(env!("CARGO_BIN_EXE_hifate-edge")));
    upgrade(&edge);
    assert_eq!(
        edge.metric("edge_upgrades_total", &["result=\"failure\""]),
        6
    );
}

#[test]
fn c4_a_configuration_that_cannot_be_used_changes_nothing() {
    let origin = Origin::saying("still here");
    let program = Program::new();
    let good = config(2, &origin);
    let edge = program.start(&good);
    let id = process_id(&edge);
    let taken = origin.address;
    let second = free_address();
    let socket = edge.path("new.sock");
    for (broken, said) in [
        (
            good.replace("to = \"web\"", "to = \"wbe\""),
            "there is no upstream `wbe`".to_owned(),
        ),
        (
            format!(
                "[[listener]]\naddress = \"{second}\"\n[[listener]]\naddress = \"unix:{}\"\n\
                 [[listener]]\naddress = \"{taken}\"\n{good}",
                socket.display()
            ),
            format!("cannot listen on {taken}"),
        ),
        (
            good.replace(
                "[[site]]\n",
                "[[site]]\naccess_log = { path = \"/nowhere/access.log\" }\n",
            ),
            "the access log /nowhere/access.log cannot be opened".to_owned(),
        ),
    ] {
        edge.configure(&broken);
        let message = complaint(&edge.command("upgrade"));
        assert!(message.contains(&said), "{message}");
        assert_eq!(process_id(&edge), id);
        assert_eq!(edge.get("/").text(), "still here");
        assert!(!socket.exists());
    }
    edge.eventually("no other process is left", || edge.processes() == [id]);
    edge.configure(&good);
    assert!(edge.reload().status.success());
    upgrade(&edge);
    assert_eq!(edge.get("/").text(), "still here");
}

#[test]
fn c4_one_upgrade_at_a_time_and_a_stop_ends_it() {
    let origin = Origin::saying("x");
    for signal in ["QUIT", "TERM"] {
        let program = Program::new();
        let mut edge = program.start(&config(1, &origin));
        program.replace_by_script("echo $$ > /proc/self/cwd/candidate; exec sleep 60");
        let candidate = edge.path("candidate");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| edge.command("upgrade"));
            edge.eventually("the new process is started", || candidate.exists());
            let message = complaint(&edge.command("upgrade"));
            assert!(
                message.contains("a binary upgrade is under way"),
                "{message}"
            );
            let message = complaint(&edge.reload());
            assert!(
                message.contains("a binary upgrade is under way"),
                "{message}"
            );
            edge.signal("USR2");
            assert_eq!(get(edge.admin, "/health").status, 200);
            assert_eq!(edge.get("/").text(), "x");
            edge.signal(signal);
            complaint(&waiting.join().unwrap());
        });
        assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
        let candidate = fs::read_to_string(candidate).unwrap();
        edge.eventually("the new process is ended", || {
            let state = fs::read_to_string(format!("/proc/{}/stat", candidate.trim()));
            state.is_err() || state.is_ok_and(|state| state.contains(") Z "))
        });
    }
}

/// Whatever stands in the environment, a process takes over only what is handed to it.
#[test]
fn c4_nothing_is_taken_over_from_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = command()
        .env("HIFATE_EDGE_HANDOVER", "1")
        .args(["run", "--config"])
        .arg(dir.path().join("edge.toml"))
        .output()
        .unwrap();
    let message = complaint(&outcome);
    assert!(message.contains("the hand-over failed"), "{message}");
}
