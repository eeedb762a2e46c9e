//! `hifate up` from outside: HTTPS with its own certificate, and commands that find the node by its file.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::program;

/// A node; stopped when dropped.
struct Node {
    child: Child,
    base: u16,
    said: String,
}

impl Node {
    fn start(data: &Path) -> Self {
        let base = free_base();
        let mut child = program("hifate")
            .args(["up", "--base-port", &base.to_string(), "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("try it") {
            assert!(output.read_line(&mut said).unwrap() > 0, "{said}");
        }
        // What it says from now on nobody reads, and it goes on all the same.
        Self { child, base, said }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-s", "TERM", &id]).status());
        drop(self.child.wait());
    }
}

/// So that nothing listens on the ports that follow from it.
fn free_base() -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let first = 10_000 + u16::try_from(std::process::id() % 40).unwrap() * 500;
    let offsets = [1, 11, 12, 13, 14, 15, 16, 17, 80, 180, 443];
    (first..31_500)
        .step_by(500)
        .find(|base| offsets.iter().all(|offset| is_free(base + offset)))
        .unwrap()
}

#[test]
fn a_node_speaks_https_and_is_found_by_its_file() {
    let data = tempfile::tempdir().unwrap();
    let node = Node::start(data.path());
    let https = format!("https://127.0.0.1:{}", node.base + 443);
    assert!(node.said.contains(&https), "{}", node.said);
    let asked = "import ssl, sys, urllib.request\n\
        trust = ssl.create_default_context(cafile=sys.argv[1])\n\
        for name in ('localhost', '127.0.0.1'):\n\
        \x20   url = f'https://{name}:{sys.argv[2]}/health'\n\
        \x20   print(urllib.request.urlopen(url, context=trust).status)\n";
    let python = std::env::var_os("HIFATE_PYTHON").unwrap_or_else(|| "python3".into());
    let outcome = Command::new(python)
        .args(["-c", asked])
        .arg(data.path().join("edge.pem"))
        .arg((node.base + 443).to_string())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.stdout, b"200\n200\n", "{complaint}");
    for words in [&["status"][..], &["log"], &["reload"], &["check"]] {
        let outcome = program("hifate-edge")
            .args(words)
            .arg("--config")
            .arg(data.path().join("edge.toml"))
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.status.success(), "{words:?}: {complaint}");
    }
    // The same node again has the same certificate.
    let before = std::fs::read(data.path().join("edge.pem")).unwrap();
    drop(node);
    drop(Node::start(data.path()));
    let after = std::fs::read(data.path().join("edge.pem")).unwrap();
    assert_eq!(before, after);
}
