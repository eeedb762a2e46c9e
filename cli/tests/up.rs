//! `hifate up` around stand-ins for the programs it starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A folder with `hifate` and the stand-ins, and ports for them.
struct Folder {
    folder: TempDir,
    base: u16,
}

impl Folder {
    fn new() -> Self {
        static TESTS: AtomicU16 = AtomicU16::new(0);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // Linked, not copied: a file that is being written cannot be executed, and a program that
        // another test starts at that moment inherits the open file.
        fs::hard_link(env!("CARGO_BIN_EXE_hifate"), folder.path().join("hifate")).unwrap();
        for name in ["hifate-backend", "hifate-edge"] {
            // Of the checkout that is tested: cargo starts tests in the package's folder.
            let fake = std::path::absolute("tests/fake.py").unwrap();
            symlink(fake, folder.path().join(name)).unwrap();
        }
        // Below the ports that the system gives to outgoing connections.
        let process = u16::try_from(process::id() % 10).unwrap();
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        Self {
            folder,
            base: 10_000 + process * 2000 + test * 200,
        }
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(self.folder.path().join("hifate"));
        command
            .arg(word)
            .args(["--base-port", &self.base.to_string()]);
        command
    }

    /// Starts a node and waits until it says that it is up.
    fn up(&self, environment: &[(&str, &str)]) -> Up {
        let mut child = self
            .command("up")
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("try it") {
            assert!(said.read_line(&mut text).unwrap() > 0, "it ended: {text}");
        }
        Up { child, said, text }
    }

    fn web(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.base + 1))
    }

    fn edge_admin(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.base + 180))
    }

    fn assert_nothing_left(&self) {
        for address in [self.web(), self.edge_admin()] {
            let began = Instant::now();
            while TcpStream::connect(address).is_ok() {
                assert!(
                    began.elapsed() < Duration::from_secs(2),
                    "{address} still answers"
                );
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// A node that is up.
struct Up {
    child: Child,
    said: BufReader<ChildStdout>,
    text: String,
}

impl Up {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end; answers the exit code, and everything that was said.
    fn end(mut self) -> (Option<i32>, String) {
        while self.said.read_line(&mut self.text).unwrap() > 0 {}
        let output = self.child.wait_with_output().unwrap();
        self.text += &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), self.text)
    }
}

#[test]
fn a_node_starts_says_where_it_is_and_stops_on_ctrl_c() {
    let folder = Folder::new();
    let up = folder.up(&[]);
    let status = folder.command("status").arg("--json").output().unwrap();
    assert_eq!(status.status.code(), Some(0));
    let began = Instant::now();
    up.signal(Signal::SIGINT);
    let (code, text) = up.end();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(code, Some(0));
    let data = folder.folder.path().join("data");
    for expected in [
        format!(
            "backend | hifate-backend says hello with serve all --config {}",
            data.join("backend.toml").display()
        ),
        format!(
            "edge    | hifate-edge says hello with run --config {}",
            data.join("edge.toml").display()
        ),
        format!("edge     http://127.0.0.1:{}\n", folder.base + 80),
        format!("https://127.0.0.1:{} (curl --cacert ", folder.base + 443),
        format!(
            "gRPC     127.0.0.1:{} to 127.0.0.1:{}\n",
            folder.base + 11,
            folder.base + 17
        ),
    ] {
        assert!(text.contains(&expected), "{expected}\nis not in\n{text}");
    }
    folder.assert_nothing_left();
}

#[test]
fn a_program_that_does_not_stop_is_killed_in_time() {
    let folder = Folder::new();
    let up = folder.up(&[("FAKE_BACKEND", "stubborn")]);
    let began = Instant::now();
    up.signal(Signal::SIGTERM);
    let (code, text) = up.end();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(code, Some(0));
    assert!(text.contains("backend: killed"), "{text}");
    folder.assert_nothing_left();
}

#[test]
fn a_program_that_ends_takes_the_node_with_it_and_is_named() {
    let folder = Folder::new();
    let (code, text) = folder.up(&[("FAKE_EDGE", "dies")]).end();
    assert_eq!(code, Some(1));
    assert!(text.contains("edge ended by itself: exit code 7"), "{text}");
    folder.assert_nothing_left();
}

#[test]
fn nothing_is_left_when_it_is_killed_itself() {
    let folder = Folder::new();
    let up = folder.up(&[]);
    up.signal(Signal::SIGKILL);
    assert_eq!(up.end().0, None);
    folder.assert_nothing_left();
}

#[test]
fn a_port_in_use_is_named_with_its_flag_before_anything_starts() {
    let folder = Folder::new();
    let _other = TcpListener::bind(folder.web()).unwrap();
    let output = folder
        .command("up")
        .arg("--data-dir")
        .arg(folder.folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&folder.web().to_string()) && said.contains("--web"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn the_status_of_nothing_is_bad() {
    let folder = Folder::new();
    let output = folder.command("status").arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let state: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(state["edge"]["alive"], false);
    assert_eq!(state["backend"]["ready"], false);
    assert_eq!(
        folder.command("nonsense").output().unwrap().status.code(),
        Some(2)
    );
}
