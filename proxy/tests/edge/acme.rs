//! Certificates that the edge orders itself, from an authority of the tests' own.

mod authority;
mod desk;
mod failures;
mod jws;
mod nodes;
mod signing;
mod validation;
mod web;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use self::authority::AcmeAuthority;
use crate::process::{Edge, free_address};
use crate::tls::client::Client;

/// A site that lets nobody in without TLS and a password.
const SITE: &str = "[[site]]\nhttps_only = true\nbasic_auth = { users_file = 'users' }\n\
    [[site.route]]\npath = '/'\nrespond = { status = 200, text = 'in' }\n\
    [[site.route]]\npath = '/open'\nbasic_auth = false\nrespond = { status = 200, text = 'open' }\n";

/// `ops` may come in.
const USERS: (&str, &str) = ("users", "ops:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");

/// An edge of which port 80 and 443 are known.
struct Node {
    edge: Edge,
    https: SocketAddr,
}

impl Node {
    /// One with a certificate for `names`, ordered as `acme` says; `tls` is more about its TLS.
    fn start(names: &str, acme: &str, tls: &str) -> Self {
        let https = free_address();
        let edge = Edge::start_with(&config(https, names, acme, tls), &[USERS]);
        Self { edge, https }
    }

    fn configure(&self, names: &str, acme: &str, tls: &str) {
        self.edge.configure(&config(self.https, names, acme, tls));
    }

    /// Has the authority find it.
    fn is_found_by(&self, authority: &AcmeAuthority) {
        authority.mood(|mood| {
            mood.http = Some(self.edge.http);
            mood.https = Some(self.https);
        });
    }

    /// Whether a client that trusts the authority gets an answer.
    fn answers(&self, authority: &AcmeAuthority, name: &str) -> bool {
        let client = Client::new(&authority.files);
        let answer = client.ask(self.https, name, "");
        answer.is_ok_and(|answer| answer.text.contains(" 401 "))
    }

    fn status(&self) -> serde_json::Value {
        let status = self.edge.commands(&["status", "--json"]);
        serde_json::from_slice(&status.stdout).unwrap()
    }
}

fn config(https: SocketAddr, names: &str, acme: &str, tls: &str) -> String {
    format!(
        "[[listener]]\naddress = \"{https}\"\n\
         tls = {{ certificates = [{{ acme = [{names}] }}]{tls} }}\n{acme}\n{SITE}"
    )
}

#[test]
fn http_01_passes_where_nobody_else_does() {
    let authority = AcmeAuthority::start();
    let mut node = Node::start("'a.test', 'www.a.test'", &authority.acme(""), "");
    // Before the authority can find it, there is nothing to show.
    assert!(!node.answers(&authority, "a.test"));
    let shown = node.status()["certificates"][0].clone();
    assert_eq!(shown["name"], "a.test");
    assert_eq!(shown["valid"], false);
    node.edge.counts("edge_acme_orders_total", &["failure"], 1);
    node.is_found_by(&authority);
    node.edge.reload();
    node.edge.eventually("there is a certificate", || {
        node.answers(&authority, "a.test") && node.answers(&authority, "www.a.test")
    });
    assert!(!node.answers(&authority, "b.test"));
    let kept = node.edge.path("acme/certificates/a.test.pem");
    assert_eq!(
        fs::metadata(&kept).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(authority.count("account \"mailto:ops@a.test\""), 1);
    assert_eq!(authority.count("proven http-01"), 2);
    let shown = node.status()["certificates"][0].clone();
    assert_eq!(shown["valid"], true);
    assert_eq!(shown["acme"]["failures"], 0, "{shown}");
    assert!(shown["acme"]["next"].as_i64().unwrap() < shown["not_after"].as_i64().unwrap());
    assert_eq!(node.edge.metric("edge_acme_orders_total", &["success"]), 1);
    // What is there is not ordered again.
    let issued = fs::read(&kept).unwrap();
    node.edge.restart();
    node.edge
        .eventually("it is there at once", || node.answers(&authority, "a.test"));
    assert!(node.edge.reload().status.success());
    assert_eq!(fs::read(&kept).unwrap(), issued);
    assert_eq!(authority.count("issued"), 1);
    // Nothing is left of the challenges.
    let answers = fs::read_dir(node.edge.path("acme")).unwrap().flatten();
    let folder = answers
        .map(|one| one.path())
        .find(|path| path.join("challenges").exists());
    let answers = fs::read_dir(folder.unwrap().join("challenges/http-01")).unwrap();
    assert_eq!(answers.count(), 0);
}

#[test]
fn tls_alpn_01_passes_where_clients_have_to_show_certificates() {
    let authority = AcmeAuthority::start();
    let ca = authority.files.path("ca.pem");
    let tls = format!(", client_auth = {{ ca = '{}' }}", ca.display());
    let acme = authority.acme("challenge = 'tls-alpn-01'\n");
    authority.files.sign("client", "client.test");
    let node = Node::start("'a.test'", &acme, &tls);
    node.is_found_by(&authority);
    node.edge.reload();
    let client = Client::with(
        &authority.files,
        rustls::crypto::aws_lc_rs::default_provider(),
        rustls::ALL_VERSIONS,
        Some("client"),
    );
    node.edge.eventually("there is a certificate", || {
        let answer = client.ask(node.https, "a.test", "");
        answer.is_ok_and(|answer| answer.text.contains(" 401 "))
    });
    assert_eq!(authority.count("proven tls-alpn-01 a.test"), 1);
    // Who comes without a certificate, and says that it is an authority, gets nowhere.
    let proof = validation::over_tls(node.https, "a.test", "x");
    assert!(proof.is_err(), "{proof:?}");
}

#[test]
fn certificates_are_renewed_in_time_and_nobody_notices() {
    let authority = AcmeAuthority::start();
    authority.mood(|mood| mood.lifetime = Some(12));
    let node = Node::start("'a.test'", &authority.acme(""), "");
    node.is_found_by(&authority);
    node.edge.reload();
    node.edge.eventually("there is a certificate", || {
        node.answers(&authority, "a.test")
    });
    node.edge.eventually("it is renewed", || {
        assert!(node.answers(&authority, "a.test"));
        authority.count("issued") >= 2
    });
    assert_eq!(authority.count("account"), 1);
}

#[test]
fn the_authority_may_say_when() {
    let authority = AcmeAuthority::start();
    let window = |year: i32| {
        (
            format!("{year}-01-01T00:00:00Z"),
            format!("{year}-01-02T00:00:00Z"),
        )
    };
    authority.mood(|mood| mood.window = Some(window(2100)));
    let node = Node::start("'a.test'", &authority.acme(""), "");
    node.is_found_by(&authority);
    node.edge.reload();
    let next = || node.status()["certificates"][0]["acme"]["next"].as_i64();
    let in_2100 = 4_102_444_800;
    node.edge
        .eventually("it is heard", || next() >= Some(in_2100));
    assert_eq!(authority.replaced(), None);
    // Such as when it has to revoke what it has signed.
    authority.mood(|mood| mood.window = Some(window(2020)));
    let mut node = node;
    node.edge.restart();
    node.edge
        .eventually("another is there", || authority.count("issued") >= 2);
    authority.mood(|mood| mood.window = Some(window(2100)));
    assert!(
        authority
            .replaced()
            .unwrap()
            .as_str()
            .unwrap()
            .contains('.')
    );
}

#[test]
fn other_names_are_ordered_and_another_authority_asked() {
    let first = AcmeAuthority::start();
    let node = Node::start("'a.test'", &first.acme(""), "");
    node.is_found_by(&first);
    node.edge.reload();
    node.edge
        .eventually("there is a certificate", || node.answers(&first, "a.test"));
    node.configure("'a.test', 'b.test'", &first.acme(""), "");
    node.edge.reload();
    node.edge.eventually("it is for both", || {
        assert!(node.answers(&first, "a.test"));
        node.answers(&first, "b.test")
    });
    // The one that there is goes on until the other has come.
    let second = AcmeAuthority::start();
    node.is_found_by(&second);
    second.mood(|mood| mood.refuses = Some("serverInternal"));
    node.configure("'a.test', 'b.test'", &second.acme(""), "");
    node.edge.reload();
    node.edge
        .eventually("the other refuses", || second.count("order") == 1);
    assert!(node.answers(&first, "a.test"));
    second.mood(|mood| mood.refuses = None);
    node.edge.reload();
    node.edge
        .eventually("the other's is in use", || node.answers(&second, "a.test"));
}
