//! SIGUSR2 and `hifate-edge upgrade`: another process takes the edge's place.

mod failures;
mod handed_over;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::http::{Connection, get};
use crate::origin::{Origin, answer};
use crate::process::{Edge, command, proxy_to, server};
use crate::reload::Load;

/// A copy of the program, which can be replaced while it runs.
struct Program {
    dir: TempDir,
}

impl Program {
    fn new() -> Self {
        let program = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        program.replace(Path::new(env!("CARGO_BIN_EXE_hifate-edge")));
        program
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("hifate-edge")
    }

    /// Puts another file in its place, as packages do. By other programs: what this process writes, a
    /// child that it is just starting for another test may still hold open.
    fn replace(&self, by: &Path) {
        let new = self.dir.path().join("new");
        for arguments in [[by, new.as_path()], [new.as_path(), &self.path()]] {
            let program = if arguments[0] == by { "cp" } else { "mv" };
            assert!(
                Command::new(program)
                    .args(arguments)
                    .status()
                    .unwrap()
                    .success()
            );
        }
    }

    /// Puts a script in its place.
    fn replace_by_script(&self, script: &str) {
        let file = self.dir.path().join("script");
        let write = format!("printf '#!/bin/sh\\n{script}\\n' > script && chmod +x script");
        let written = Command::new("sh")
            .args(["-c", &write])
            .current_dir(self.dir.path())
            .status();
        assert!(written.unwrap().success());
        self.replace(&file);
    }

    fn start(&self, config: &str) -> Edge {
        Edge::start_as(Command::new(self.path()), config, |command| {
            command.stdin(Stdio::null())
        })
    }
}

/// `[server]` of the tests: one second is enough to be ready, and to finish.
fn config(threads: usize, origin: &Origin) -> String {
    format!(
        "{}{}",
        process(threads),
        proxy_to(&[server(origin.address, "")])
    )
}

fn process(threads: usize) -> String {
    format!(
        "[server]\nthreads = {threads}\npid_file = \"edge.pid\"\nupgrade_timeout = \"10s\"\n\
         graceful_timeout = \"2s\"\n"
    )
}

fn process_id(edge: &Edge) -> u32 {
    let read = || fs::read_to_string(edge.path("edge.pid"));
    // It is written by who listens already.
    edge.eventually("the pid file is there", || read().is_ok());
    read().unwrap().trim().parse().unwrap()
}

/// Upgrades by command; the id of the new process.
fn upgrade(edge: &Edge) -> u32 {
    let outcome = edge.command("upgrade");
    assert!(outcome.status.success(), "{outcome:?}\n{}", edge.log());
    let said = String::from_utf8(outcome.stdout).unwrap();
    let id = process_id(edge);
    assert_eq!(said, format!("process {id} has taken over\n"));
    id
}

fn complaint(outcome: &Output) -> String {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

#[test]
fn c4_upgrades_under_load_lose_nothing() {
    let origin = Origin::saying("x");
    let program = Program::new();
    // Other numbers of workers, too: no queue of connections may be left alone.
    let mut edge = program.start(&config(2, &origin));
    let first = process_id(&edge);
    let load = Load::on(&edge);
    for (round, threads) in [2, 1, 3, 3, 1, 2].into_iter().enumerate() {
        edge.configure(&config(threads, &origin));
        program.replace(Path::new(env!("CARGO_BIN_EXE_hifate-edge")));
        let before = process_id(&edge);
        assert_ne!(upgrade(&edge), before);
        let count = edge.metric("edge_upgrades_total", &["result=\"success\""]);
        assert_eq!(count, round as u64 + 1);
        std::thread::sleep(Duration::from_millis(200));
    }
    let answered = load.end();
    assert!(answered > 100, "{answered} requests");
    assert_eq!(edge.metric("edge_config_generation", &[]), 7);
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    edge.eventually("the others end", || edge.processes().len() == 1);
    let last = process_id(&edge);
    assert_ne!(last, first);
    let outcome = edge.command("quit");
    assert!(outcome.status.success(), "{outcome:?}");
    edge.eventually("it ends", || edge.processes().is_empty());
    assert!(!edge.path("edge.pid").exists());
}

#[test]
fn c4_the_signal_does_it_too_and_what_is_under_way_is_finished() {
    let origin = Origin::start(|request, stream| {
        if request.path() == "/slow" {
            std::thread::sleep(Duration::from_millis(700));
        }
        answer(stream, "finished")
    });
    let program = Program::new();
    let mut edge = program.start(&config(2, &origin));
    let old = process_id(&edge);
    let (mut busy, mut idle) = (Connection::new(edge.http), Connection::new(edge.http));
    let mut asks_again = Connection::new(edge.http);
    for client in [&mut idle, &mut asks_again] {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.reply().unwrap();
    }
    busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request arrives", || origin.seen().len() == 3);
    edge.signal("USR2");
    edge.eventually("another has taken over", || process_id(&edge) != old);
    edge.eventually("the old one drains", || edge.log().contains("draining"));
    // A client that kept its connection is served, and told to connect anew.
    asks_again.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let reply = asks_again.reply().unwrap();
    assert_eq!(
        (reply.text(), reply.header("connection")),
        ("finished", Some("close"))
    );
    let reply = busy.reply().unwrap();
    assert_eq!(reply.text(), "finished");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(idle.is_closed());
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    assert_eq!(edge.get("/").text(), "finished");
}

/// `hifate up` holds the other end of its children's standard input, and waits for them to end.
#[test]
fn c4_whoever_started_it_by_standard_input_still_ends_it() {
    let origin = Origin::saying("x");
    let program = Program::new();
    let mut edge = Edge::start_as(
        Command::new(program.path()),
        &config(1, &origin),
        |command| command.arg("--stop-on-stdin-eof").stdin(Stdio::piped()),
    );
    for _ in 0..2 {
        upgrade(&edge);
    }
    std::thread::sleep(Duration::from_secs(3));
    let ended = edge.child().try_wait().unwrap();
    assert!(
        ended.is_none(),
        "whoever waits for it believes that all is over"
    );
    assert_eq!(edge.get("/").text(), "x");
    drop(edge.child().stdin.take());
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    edge.eventually("all end", || edge.processes().is_empty());
}

/// The admin port is the new process's, also when it has moved.
#[test]
fn c4_the_admin_port_may_move() {
    let origin = Origin::saying("x");
    let program = Program::new();
    let edge = program.start(&config(1, &origin));
    let moved = crate::process::free_address();
    let text = fs::read_to_string(edge.path("edge.toml")).unwrap();
    let text = text.replace(&edge.admin.to_string(), &moved.to_string());
    fs::write(edge.path("edge.toml"), text).unwrap();
    let outcome = command()
        .args(["upgrade", "--admin", &edge.admin.to_string()])
        .output()
        .unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(get(moved, "/health").text(), "ok\n");
    edge.eventually("the old port closes", || {
        std::net::TcpStream::connect(edge.admin).is_err()
    });
}
