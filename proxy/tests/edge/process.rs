//! The edge's process, started with a configuration of the test's own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::{Reply, get};

/// A running edge; killed when dropped.
#[derive(Debug)]
pub(crate) struct Edge {
    child: Child,
    dir: TempDir,
    /// Where clients connect.
    pub(crate) http: SocketAddr,
    /// Where operators connect.
    pub(crate) admin: SocketAddr,
}

/// An address that nothing listens on.
pub(crate) fn free_address() -> SocketAddr {
    // Below the ports that the kernel gives to outgoing connections, of which the tests make many;
    // a port from there could be taken again before the program under test binds it.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side have ids that are neighbours, and should not have such ports.
    let offset = u16::try_from(std::process::id() % 100 * 211).unwrap();
    loop {
        let port = 10_000 + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 21_100;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

impl Edge {
    /// Starts the edge with one listener, an admin port, and `config` for the rest.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// The same, with files in its working directory.
    pub(crate) fn start_with(config: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        Self::start_in(dir, command(), config, |command| {
            command.stdin(Stdio::null())
        })
    }

    /// Starts `program` as the edge, after `prepare` has had its say.
    pub(crate) fn start_as(
        program: Command,
        config: &str,
        prepare: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), program, config, prepare)
    }

    fn start_in(
        dir: TempDir,
        mut program: Command,
        config: &str,
        prepare: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let (http, admin) = (free_address(), free_address());
        fs::write(dir.path().join("edge.toml"), complete(config, http, admin)).unwrap();
        let mut log = fs::File::options();
        let log = log.append(true).create(true);
        let log = log.open(dir.path().join("edge.log")).unwrap();
        program
            .args(["run", "--config"])
            .arg(dir.path().join("edge.toml"))
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(log);
        let child = prepare(&mut program).spawn().unwrap();
        let edge = Self {
            child,
            dir,
            http,
            admin,
        };
        edge.eventually("the edge listens", || TcpStream::connect(admin).is_ok());
        edge
    }

    /// Ends the process at once and starts another in its place.
    pub(crate) fn restart(&mut self) {
        self.signal("TERM");
        self.wait(Duration::from_secs(10));
        self.child = run_in(self.dir.path());
        let admin = self.admin;
        self.eventually("the edge listens again", || {
            TcpStream::connect(admin).is_ok()
        });
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("edge.log")).unwrap()
    }

    /// A file in the edge's working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The processes that run with its configuration.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let config = self.path("edge.toml");
        let config = config.to_str().unwrap().as_bytes();
        let ids = fs::read_dir("/proc").unwrap();
        let ids = ids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let is_edge = |id: &u32| {
            let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let mut arguments = arguments.split(|byte| *byte == 0);
            arguments.nth(1) == Some(b"run") && arguments.any(|argument| argument == config)
        };
        ids.filter(is_edge).collect()
    }

    /// Replaces the configuration file.
    pub(crate) fn configure(&self, config: &str) {
        let config = complete(config, self.http, self.admin);
        fs::write(self.path("edge.toml"), config).unwrap();
    }

    /// Runs `hifate-edge reload`.
    pub(crate) fn reload(&self) -> Output {
        self.command("reload")
    }

    /// Runs a subcommand that takes the configuration file.
    pub(crate) fn command(&self, name: &str) -> Output {
        self.commands(&[name])
    }

    /// The same with arguments.
    pub(crate) fn commands(&self, arguments: &[&str]) -> Output {
        command()
            .args(arguments)
            .arg("--config")
            .arg(self.path("edge.toml"))
            .current_dir(self.path(""))
            .output()
            .unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The process that was started.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the process to end; its exit code.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<i32> {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the edge still runs after {patience:?}\n{}", self.log());
    }

    /// GETs `path` through the edge on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> Reply {
        get(self.http, path)
    }

    /// All metrics.
    pub(crate) fn metrics(&self) -> String {
        String::from_utf8(get(self.admin, "/metrics").body).unwrap()
    }

    /// The sum of all samples whose line starts with `name` and contains each of `labels`.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        self.metrics()
            .lines()
            .filter(|line| line.starts_with(name))
            .filter(|line| line[name.len()..].starts_with(['{', ' ']))
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Waits until the sum of those samples is `expected`: what a request is counted as is known
    /// only after its client has the answer.
    pub(crate) fn counts(&self, name: &str, labels: &[&str], expected: u64) {
        self.eventually(&format!("{name} {labels:?} is {expected}"), || {
            self.metric(name, labels) == expected
        });
    }

    /// Waits until `condition` holds, and fails with the log if it does not within ten seconds.
    pub(crate) fn eventually(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(10);
        while !condition() {
            assert!(Instant::now() < end, "not in time: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        // Another may have taken its place.
        for process in self.processes() {
            drop(
                Command::new("kill")
                    .args(["-9", &process.to_string()])
                    .output(),
            );
        }
    }
}

fn run_in(dir: &Path) -> Child {
    let log = fs::File::options()
        .append(true)
        .create(true)
        .open(dir.join("edge.log"))
        .unwrap();
    command()
        .args(["run", "--config"])
        .arg(dir.join("edge.toml"))
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The program under test.
pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hifate-edge"))
}

fn complete(config: &str, http: SocketAddr, admin: SocketAddr) -> String {
    let server = if config.contains("[server]") {
        ""
    } else {
        "[server]\nthreads = 2\n"
    };
    // The names by which tests ask.
    let admin = format!("[admin]\nlisten = \"{admin}\"\nnames = [\"test\", \"a\"]\n");
    let listener = format!("[[listener]]\naddress = \"{http}\"\n");
    if config.contains("[admin]\n") {
        return format!("{server}{listener}{}", config.replace("[admin]\n", &admin));
    }
    format!("{server}{admin}{listener}{config}")
}

/// One site that passes everything to `servers`, each an inline table without its braces.
pub(crate) fn proxy_to(servers: &[String]) -> String {
    let servers: Vec<String> = servers
        .iter()
        .map(|server| format!("{{ {server} }}"))
        .collect();
    format!(
        "[upstream.web]\nserver = [{}]\n[[site]]\n[[site.route]]\npath = \"/\"\n\
         proxy = {{ to = \"web\" }}\n",
        servers.join(", ")
    )
}

/// A server line for [`proxy_to`].
pub(crate) fn server(address: SocketAddr, more: &str) -> String {
    format!("address = \"{address}\"{more}")
}

/// A file of this package. Cargo starts tests in the package's folder; where they were compiled may be another
/// checkout, with which this one shares what is built.
pub(crate) fn ours(path: &str) -> String {
    std::path::absolute(path).unwrap().display().to_string()
}

/// Runs a Python script of the tests beside `edge`, and answers what it prints.
pub(crate) fn python(script: &str, arguments: &[String], edge: &Edge) -> String {
    let python = std::env::var_os("HIFATE_PYTHON").map_or("python3".into(), PathBuf::from);
    let outcome = Command::new(python)
        .arg(script)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(
        outcome.status.success(),
        "{said}{}\n`make setup` installs what it needs\n{}",
        String::from_utf8_lossy(&outcome.stderr),
        edge.log()
    );
    said
}

/// Sends bytes and reads until the connection ends.
pub(crate) fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // The edge may answer and close before it has read everything.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}
