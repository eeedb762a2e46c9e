//! systemd's side of the edge: notices, watchdog, sockets, and the unit. There is no systemd where the
//! tests run, so they play its part (`sd_notify`(3), `sd_listen_fds`(3)).

mod sockets;
mod unit;

use std::io::{IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt};
use tempfile::TempDir;

use crate::origin::Origin;
use crate::process::{Edge, command, free_address, proxy_to, server};

/// A service manager that listens to one service.
struct Manager {
    dir: TempDir,
    socket: UnixDatagram,
    /// Whom it believes (`NotifyAccess=main`).
    main: u32,
}

impl Manager {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        sockopt::set_socket_passcred(&socket, true).unwrap();
        Self {
            dir,
            socket,
            main: 0,
        }
    }

    fn start(&mut self, program: &Path, config: &str, watchdog: Option<Duration>) -> Edge {
        let notify = self.dir.path().join("notify");
        let mut edge = Edge::start_as(Command::new(program), config, |command| {
            if let Some(limit) = watchdog {
                command.env("WATCHDOG_USEC", limit.as_micros().to_string());
            }
            command.env("NOTIFY_SOCKET", notify).stdin(Stdio::null())
        });
        self.main = edge.child().id();
        edge
    }

    /// What it is told next within `patience`, and by whom.
    fn hear(&self, patience: Duration) -> Option<(u32, String)> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut text = [0; 4096];
        let mut room = [IoSliceMut::new(&mut text)];
        let heard = recvmsg(&self.socket, &mut room, &mut control, RecvFlags::empty()).ok()?;
        let mut sender = None;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmCredentials(credentials) = message {
                sender = Some(credentials.pid);
            }
        }
        let sender = u32::try_from(sender.unwrap().as_raw_nonzero().get()).unwrap();
        let text = String::from_utf8(text[..heard.bytes].to_vec()).unwrap();
        Some((sender, text))
    }

    /// The next thing but for the watchdog that it is told by the main process; others may not speak.
    fn next(&self) -> String {
        loop {
            let (sender, text) = self.hear(Duration::from_secs(10)).expect("a notice");
            assert_eq!(sender, self.main, "{text}");
            if text != "WATCHDOG=1\n" {
                return text;
            }
        }
    }
}

#[test]
fn the_service_manager_hears_of_start_reload_and_stop() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[server(origin.address, "")]);
    let mut manager = Manager::new();
    let program = command().get_program().to_owned();
    let mut edge = manager.start(Path::new(&program), &config, None);
    assert_eq!(manager.next(), "READY=1\n");
    edge.signal("HUP");
    let text = manager.next();
    let since = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(since.trim_end().parse::<u64>().unwrap() > 0);
    assert_eq!(manager.next(), "READY=1\n");
    edge.signal("QUIT");
    assert_eq!(manager.next(), "STOPPING=1\n");
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
}

#[test]
fn the_service_manager_follows_an_upgrade() {
    let origin = Origin::saying("x");
    let server_part = "[server]\nthreads = 1\npid_file = \"edge.pid\"\ngraceful_timeout = \"1s\"\n";
    let config = format!("{server_part}{}", proxy_to(&[server(origin.address, "")]));
    let mut manager = Manager::new();
    let program = command().get_program().to_owned();
    let limit = Duration::from_millis(600);
    let edge = manager.start(Path::new(&program), &config, Some(limit));
    assert_eq!(manager.next(), "READY=1\n");
    for _ in 0..2 {
        let outcome = edge.command("upgrade");
        assert!(outcome.status.success(), "{outcome:?}");
        let said = manager.next();
        let process = said
            .trim_end()
            .strip_prefix("MAINPID=")
            .expect("a new main process");
        let id = std::fs::read_to_string(edge.path("edge.pid")).unwrap();
        assert_eq!(id.trim(), process);
        manager.main = process.parse().unwrap();
        assert_eq!(manager.next(), "READY=1\n");
        // It is the one that feeds the watchdog now, and what the old one does on its way out is no
        // business of the service manager's.
        edge.eventually("the old one ends", || edge.processes().len() == 1);
        let fed = || manager.hear(limit).expect("word for the watchdog");
        for _ in 0..3 {
            assert_eq!(fed(), (manager.main, "WATCHDOG=1\n".to_owned()));
        }
    }
}

/// A failed upgrade is nothing that the service manager has to know.
#[test]
fn the_service_manager_does_not_hear_of_what_has_not_happened() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[server(origin.address, "")]);
    let mut manager = Manager::new();
    let program = command().get_program().to_owned();
    let edge = manager.start(Path::new(&program), &config, None);
    assert_eq!(manager.next(), "READY=1\n");
    edge.configure("this is no TOML");
    edge.signal("USR2");
    edge.counts("edge_upgrades_total", &["result=\"failure\""], 1);
    edge.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1\n");
}

/// Nobody reads what the edge says, so that after some 64 KiB a worker waits for ever.
#[test]
fn the_watchdog_finds_a_worker_that_hangs() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[
        server(free_address(), ", max_fails = 0"),
        server(origin.address, ", backup = true"),
    ]);
    let (unread, full) = std::io::pipe().unwrap();
    let mut manager = Manager::new();
    let notify = manager.dir.path().join("notify");
    let limit = Duration::from_millis(600);
    let mut edge = Edge::start_as(command(), &config, |command| {
        command
            .env("NOTIFY_SOCKET", notify)
            .env("WATCHDOG_USEC", limit.as_micros().to_string())
            .stderr(full)
            .stdin(Stdio::null())
    });
    manager.main = edge.child().id();
    assert_eq!(manager.next(), "READY=1\n");
    for _ in 0..3 {
        let heard = manager.hear(limit).unwrap();
        assert_eq!(heard, (manager.main, "WATCHDOG=1\n".to_owned()));
    }
    let end = Instant::now() + Duration::from_mins(1);
    let hangs = || {
        let mut client = TcpStream::connect(edge.http).unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        std::io::Read::read(&mut client, &mut [0]).is_err()
    };
    while !hangs() {
        assert!(Instant::now() < end, "the log takes everything");
    }
    // What was said before is no sign of life.
    while manager.hear(Duration::from_millis(1)).is_some() {}
    assert_eq!(
        manager.hear(3 * limit),
        None,
        "a worker hangs and nobody notices"
    );
    // It goes on when somebody reads.
    let reader = std::thread::spawn(move || std::io::copy(&mut { unread }, &mut std::io::sink()));
    assert_eq!(manager.next_of_watchdog(), "WATCHDOG=1\n");
    drop(edge);
    drop(reader.join().unwrap());
}

impl Manager {
    fn next_of_watchdog(&self) -> String {
        self.hear(Duration::from_secs(10))
            .expect("word for the watchdog")
            .1
    }
}
