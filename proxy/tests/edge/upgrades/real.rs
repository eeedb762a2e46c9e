//! A real client and a real server, Python's `websockets`: compression, fragments, pings, closing.

use crate::process::{Edge, free_address, ours, proxy_to, python, server};

#[test]
fn websockets_speaks_through_the_edge() {
    let address = free_address();
    let edge = Edge::start(&proxy_to(&[server(address, "")]));
    let script = ours("tests/edge/upgrades/real.py");
    let ports = [address.port(), edge.http.port()].map(|port| port.to_string());
    let said = python(&script, &ports, &edge);
    assert_eq!(said, "all is well\n");
    edge.counts("edge_requests_total", &["code=\"101\""], 3);
    edge.counts("edge_tunnels", &[], 0);
}
