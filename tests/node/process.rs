//! The programs as processes; each is killed when its value is dropped.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use lab::{eventually, free_address};
use tempfile::TempDir;

use crate::client::get;

/// A program of this workspace.
pub(crate) fn program(name: &str) -> Command {
    Command::new(lab::program(name))
}

/// Addresses of the Web App and its seven services.
pub(crate) type Ports = [SocketAddr; 8];

/// Eight addresses that nothing listens on.
pub(crate) fn free_ports() -> Ports {
    [(); 8].map(|()| free_address())
}

/// A Web App with its services.
#[derive(Debug)]
pub(crate) struct Backend {
    child: Option<Child>,
    /// Where the Web App listens.
    pub(crate) web: SocketAddr,
    /// Where everything listens.
    pub(crate) ports: Ports,
}

impl Backend {
    /// Starts a backend and waits until it is ready.
    pub(crate) fn start(ports: Ports) -> Self {
        let names = [
            "--web",
            "--bazi-core",
            "--bazi-fortune",
            "--bazi-analyzer",
            "--bazi-rule",
            "--fortune-analysis",
            "--payment-service",
            "--fortune-rule",
        ];
        let mut command = program("hifate-backend");
        command.args(["serve", "all", "--database", ":memory:"]);
        for (name, address) in names.into_iter().zip(ports) {
            command.args([name.to_owned(), address.to_string()]);
        }
        command.env("RUST_LOG", "warn").stdin(Stdio::null());
        let backend = Self {
            child: Some(command.spawn().unwrap()),
            web: ports[0],
            ports,
        };
        eventually("the backend is ready", || {
            get(backend.web, "/api/v1/health/ready").is_ok_and(|reply| reply.status == 200)
        });
        backend
    }

    /// A backend that is not there.
    pub(crate) fn not_running() -> Self {
        let ports = free_ports();
        Self {
            child: None,
            web: ports[0],
            ports,
        }
    }

    /// Ends it without any warning (SIGKILL).
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// An edge.
#[derive(Debug)]
pub(crate) struct Edge {
    child: Child,
    dir: TempDir,
    /// Where clients connect.
    pub(crate) http: SocketAddr,
    admin: SocketAddr,
}

impl Edge {
    /// Starts an edge with this configuration, plus a listener and an admin port.
    pub(crate) fn start(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [http, admin, ..] = free_ports();
        fs::write(dir.path().join("edge.toml"), complete(config, http, admin)).unwrap();
        let log = fs::File::create(dir.path().join("edge.log")).unwrap();
        let child = program("hifate-edge")
            .args(["run", "--config", "edge.toml"])
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let edge = Self {
            child,
            dir,
            http,
            admin,
        };
        eventually("the edge is ready", || {
            get(admin, "/ready").is_ok_and(|reply| reply.status == 200)
        });
        edge
    }

    /// Replaces the configuration file.
    pub(crate) fn configure(&self, config: &str) {
        fs::write(
            self.path("edge.toml"),
            complete(config, self.http, self.admin),
        )
        .unwrap();
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

    /// What the edge has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("edge.log")).unwrap()
    }

    /// Lines of a log once there are `wanted`, or what there is in the end.
    pub(crate) fn log_lines(&self, name: &str, wanted: usize) -> usize {
        let count = || {
            fs::read_to_string(self.path(name))
                .unwrap_or_default()
                .lines()
                .count()
        };
        eventually("the log is written", || count() >= wanted);
        count()
    }

    /// Requests that a server has answered with 200, by the edge's count.
    pub(crate) fn answered_by(&self, server: &Backend) -> u64 {
        let labels = format!(
            "edge_upstream_requests_total{{code=\"200\",server=\"{}\",upstream=\"web_app\"}} ",
            server.web
        );
        let metrics = get(self.admin, "/metrics").unwrap();
        let sample = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(&labels));
        sample.map_or(0, |count| count.parse().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            // Shown by the test runner together with the failure.
            drop(std::io::Write::write_all(
                &mut std::io::stderr(),
                self.log().as_bytes(),
            ));
        }
    }
}

fn complete(config: &str, http: SocketAddr, admin: SocketAddr) -> String {
    format!("[admin]\nlisten = \"{admin}\"\n[[listener]]\naddress = \"{http}\"\n{config}")
}
