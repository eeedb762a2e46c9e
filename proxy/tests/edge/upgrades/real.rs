//! A real client and a real server, Python's `websockets`: compression, fragments, pings, closing.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Edge, free_address, proxy_to, server};

#[test]
fn websockets_speaks_through_the_edge() {
    let address = free_address();
    let edge = Edge::start(&proxy_to(&[server(address, "")]));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/edge/upgrades/real.py");
    let python = std::env::var_os("HIFATE_PYTHON").map_or("python3".into(), PathBuf::from);
    let outcome = Command::new(python)
        .arg(script)
        .args([address.port().to_string(), edge.http.port().to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.status.success(),
        "{said}{}\n`make setup` installs what it needs\n{}",
        String::from_utf8_lossy(&outcome.stderr),
        edge.log()
    );
    assert_eq!(said, "all is well\n");
    edge.counts("edge_requests_total", &["code=\"101\""], 3);
    edge.counts("edge_tunnels", &[], 0);
}
