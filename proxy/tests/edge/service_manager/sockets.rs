//! Socket activation: systemd listens, and passes its sockets on.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::http::get;
use crate::origin::Origin;
use crate::process::{Edge, command, free_address, proxy_to, server};

/// Listens on the addresses in `SOCKETS` and executes the rest of its command line, as systemd does.
const LAUNCHER: &str = r#"
import os, socket, sys
passed = []
for address in os.environ.pop("SOCKETS").split():
    if address.startswith("/"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
    else:
        host, port = address.rsplit(":", 1)
        listener = socket.create_server((host, int(port)))
    listener.listen(64)
    passed.append(os.dup(listener.fileno()))
    listener.detach()
# Out of the way of where they have to be.
passed = [__import__("fcntl").fcntl(fd, 0, 64) for fd in passed]
for number, fd in enumerate(passed):
    os.dup2(fd, 3 + number)
os.environ["LISTEN_FDS"] = str(len(passed))
os.environ["LISTEN_FDNAMES"] = ":".join("edge" for _ in passed)
os.environ["LISTEN_PID"] = os.environ.pop("LISTEN_PID_SAYS", None) or str(os.getpid())
os.execv(sys.argv[1], sys.argv[1:])
"#;

fn start(config: &str, sockets: &str, prepare: impl FnOnce(&mut Command)) -> Edge {
    let mut launcher = Command::new("python3");
    launcher.args(["-c", LAUNCHER]).arg(command().get_program());
    Edge::start_as(launcher, config, |command| {
        prepare(command);
        command.env("SOCKETS", sockets).stdin(Stdio::null())
    })
}

fn listener(address: &str) -> String {
    format!("[[listener]]\naddress = \"{address}\"\n")
}

/// The sockets stay those of systemd through reloads and upgrades.
#[test]
fn sockets_of_the_service_manager_are_used_by_their_addresses() {
    let origin = Origin::saying("hello");
    let dir = tempfile::tempdir().unwrap();
    let unix = dir.path().join("edge.sock");
    let (one, later) = (free_address(), free_address());
    let process = "[server]\nthreads = 3\npid_file = \"edge.pid\"\ngraceful_timeout = \"1s\"\n";
    let base = format!("{process}{}", proxy_to(&[server(origin.address, "")]));
    let both = listener(&one.to_string()) + &listener(&format!("unix:{}", unix.display())) + &base;
    let sockets = format!("{one} {later} {}", unix.display());
    // Nobody else can bind what somebody listens on, so who answers there has it from systemd.
    let edge = start(&both, &sockets, |_| {});
    let unix_answers = |path: &Path| {
        let asked = Command::new("curl")
            .args(["-s", "http://a/", "--unix-socket"])
            .arg(path)
            .output();
        asked.unwrap().stdout == b"hello"
    };
    assert_eq!(get(one, "/").text(), "hello");
    assert_eq!(edge.get("/").text(), "hello", "its own");
    assert!(unix_answers(&unix));
    assert!(
        edge.log().contains(&format!(
            "the service manager listens here, and no listener does address={later}"
        )),
        "{}",
        edge.log()
    );
    for _ in 0..2 {
        // One that had no listener until now, and one that has none for a while.
        edge.configure(&(listener(&later.to_string()) + &base));
        let outcome = edge.reload();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(get(later, "/").text(), "hello");
        edge.configure(&both);
        let outcome = edge.reload();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(get(one, "/").text(), "hello");
        let outcome = edge.command("upgrade");
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(get(one, "/").text(), "hello");
        assert!(unix_answers(&unix));
    }
    assert!(edge.command("quit").status.success());
    edge.eventually("it ends", || edge.processes().is_empty());
    assert!(unix.exists(), "the file is not the edge's to remove");
}

/// A process that was started by somebody to whom systemd has passed sockets has none.
#[test]
fn sockets_for_another_process_are_left_alone() {
    let origin = Origin::saying("hello");
    let taken = free_address();
    let config = listener(&taken.to_string()) + &proxy_to(&[server(origin.address, "")]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("edge.toml");
    std::fs::write(
        &path,
        format!("[admin]\nlisten = \"{}\"\n{config}", free_address()),
    )
    .unwrap();
    let outcome = Command::new("python3")
        .args(["-c", LAUNCHER])
        .arg(command().get_program())
        .args(["run", "--config"])
        .arg(&path)
        .env("SOCKETS", taken.to_string())
        .env("LISTEN_PID_SAYS", "1")
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr);
    assert!(
        message.contains(&format!("cannot listen on {taken}")),
        "{message}"
    );
}

/// The admin port may be one of them, and connections that came before the edge are answered.
#[test]
fn connections_wait_in_the_sockets_for_the_edge() {
    let origin = Origin::saying("hello");
    let waiting = free_address();
    let config = listener(&waiting.to_string()) + &proxy_to(&[server(origin.address, "")]);
    let early = std::thread::spawn(move || {
        for _ in 0..1000 {
            if std::net::TcpStream::connect(waiting).is_ok() {
                return get(waiting, "/");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nobody listens");
    });
    let _edge = start(&config, &waiting.to_string(), |_| {});
    assert_eq!(early.join().unwrap().text(), "hello");
}
