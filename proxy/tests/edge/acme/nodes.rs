//! Several nodes for the same names, of which the authority finds one.

use super::Node;
use super::authority::AcmeAuthority;
use crate::http::request;

fn asked_for(node: &Node, token: &str) -> u16 {
    let line = format!("GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: a.test\r\n\r\n");
    request(node.edge.http, &line).status
}

#[test]
fn a_node_answers_for_its_peers() {
    let authority = AcmeAuthority::start();
    let first = Node::start("'a.test'", &authority.acme(""), "");
    first.is_found_by(&authority);
    let peers = format!("peers = ['{}']\n", first.edge.http);
    // The names lead to the first, and it is the second that orders.
    let second = Node::start("'a.test'", &authority.acme(&peers), "");
    let peers = format!("peers = ['{}']\n", second.edge.http);
    first.configure("'a.test'", &authority.acme(&peers), "");
    first.edge.reload();
    second.edge.reload();
    for node in [&first, &second] {
        node.edge.eventually("there is a certificate", || {
            node.answers(&authority, "a.test")
        });
    }
    assert_eq!(authority.count("issued"), 2);
    // What neither knows is asked once and goes the way of all requests.
    assert_eq!(asked_for(&first, "unknown"), 301);
    assert_eq!(asked_for(&second, "unknown"), 301);
}

#[test]
fn nodes_that_share_a_folder_order_once() {
    let authority = AcmeAuthority::start();
    let folder = tempfile::tempdir().unwrap();
    let state = format!("state = '{}'", folder.path().display());
    let acme = authority.acme("").replace("state = 'acme'", &state);
    let first = Node::start("'a.test'", &acme, "");
    first.is_found_by(&authority);
    let second = Node::start("'a.test'", &acme, "");
    first.edge.reload();
    second.edge.reload();
    for node in [&first, &second] {
        node.edge.eventually("there is a certificate", || {
            node.answers(&authority, "a.test")
        });
    }
    assert_eq!(authority.count("issued"), 1);
}

#[test]
fn what_no_order_waits_for_goes_its_way() {
    let authority = AcmeAuthority::start();
    let node = Node::start("'a.test'", &authority.acme(""), "");
    // Another program may order certificates through a route of the configuration.
    for token in ["unknown", "..", "a%2Fb", ""] {
        assert_eq!(asked_for(&node, token), 301, "{token}");
    }
    let url = "http://a.test/.well-known/acme-challenge/unknown";
    let said = node.edge.commands(&["explain", url]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("an authority that an order waits for is answered"),
        "{said}"
    );
}
