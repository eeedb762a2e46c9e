//! Whatever goes wrong with an order, what works goes on.

use super::Node;
use super::authority::{AcmeAuthority, Mood};
use crate::process::free_address;

/// A node with a certificate that is about to be renewed, until it is spoiled.
fn renewing() -> (AcmeAuthority, Node) {
    let authority = AcmeAuthority::start();
    // Half a minute for what comes, and renewed from the first moment.
    let past = (
        "2020-01-01T00:00:00Z".to_owned(),
        "2020-01-01T00:00:00Z".to_owned(),
    );
    let node = Node::start("'a.test'", &authority.acme(""), "");
    node.is_found_by(&authority);
    node.edge.reload();
    node.edge.eventually("there is a certificate", || {
        node.answers(&authority, "a.test")
    });
    authority.mood(|mood| mood.window = Some(past));
    (authority, node)
}

/// Has the next order fail, and sees that nothing else does.
fn fails(spoil: impl FnOnce(&mut Mood), why: &str) -> (AcmeAuthority, Node) {
    let (authority, mut node) = renewing();
    authority.mood(spoil);
    node.edge.restart();
    node.edge.eventually("the order fails", || {
        node.edge.metric("edge_acme_orders_total", &["failure"]) == 1
    });
    let shown = node.status()["certificates"][0].clone();
    assert_eq!(shown["valid"], true);
    assert_eq!(shown["acme"]["failures"], 1);
    let error = shown["acme"]["error"].as_str().unwrap();
    assert!(error.contains(why), "{error}");
    let said = node.edge.log();
    assert!(said.contains("the one before stays in use"), "{said}");
    assert!(node.answers(&authority, "a.test"));
    let status = node.edge.commands(&["status"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("ORDER FAILED: "), "{status}");
    (authority, node)
}

#[test]
fn an_authority_that_refuses() {
    let (authority, node) = fails(|mood| mood.refuses = Some("rateLimited"), "not today");
    // It is not asked again before time has passed.
    let orders = authority.count("order");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(authority.count("order"), orders);
    authority.mood(|mood| {
        mood.refuses = None;
        mood.window = None;
    });
    node.edge.reload();
    // What an operator does tells that something may have changed.
    let failures = || node.status()["certificates"][0]["acme"]["failures"].clone();
    node.edge
        .eventually("it is tried again", || failures() == 0);
}

#[test]
fn a_name_that_leads_elsewhere() {
    let elsewhere = crate::origin::Origin::saying("this is somebody else");
    fails(
        |mood| mood.http = Some(elsewhere.address),
        "a.test: a.test answered 200",
    );
}

/// It would become the name of a file.
#[test]
fn a_name_that_was_not_ordered() {
    let why = "../../b.test: the authority asks for a proof of what was not ordered";
    fails(|mood| mood.stray = Some("../../b.test"), why);
}

#[test]
fn a_certificate_for_another_key() {
    fails(|mood| mood.wrong_key = true, "of no use");
}

#[test]
fn a_certificate_for_other_names() {
    fails(|mood| mood.wrong_names = true, "it is not for a.test");
}

#[test]
fn a_certificate_that_is_over_already() {
    fails(
        |mood| mood.lifetime = Some(0),
        "is the clock of this machine right?",
    );
}

#[test]
fn a_bad_nonce_and_a_slow_authority_are_nothing_special() {
    let authority = AcmeAuthority::start();
    authority.mood(|mood| {
        mood.bad_nonces = 2;
        mood.slow = 3;
    });
    let node = Node::start("'a.test'", &authority.acme(""), "");
    node.is_found_by(&authority);
    node.edge.reload();
    node.edge.eventually("there is a certificate", || {
        node.answers(&authority, "a.test")
    });
    assert_eq!(authority.count("account"), 1);
}

#[test]
fn an_authority_that_has_forgotten_everything() {
    let (authority, mut node) = renewing();
    authority.forget_accounts();
    node.edge.restart();
    node.edge
        .eventually("there is another", || authority.count("issued") >= 2);
    assert_eq!(authority.count("account"), 2);
    assert!(node.answers(&authority, "a.test"));
}

#[test]
fn an_authority_that_is_not_there() {
    let authority = AcmeAuthority::start();
    let nowhere = format!("https://{}/directory", free_address());
    let acme = authority.acme("");
    let directory = acme.split('\'').nth(1).unwrap();
    let node = Node::start("'a.test'", &acme.replace(directory, &nowhere), "");
    node.edge.eventually("the order fails", || {
        node.edge.metric("edge_acme_orders_total", &["failure"]) == 1
    });
    // All else goes on.
    assert_eq!(node.edge.get("/").status, 301);
    let error = node.status()["certificates"][0]["acme"]["error"].clone();
    assert!(error.as_str().unwrap().contains("refused"), "{error}");
}

#[test]
fn a_file_that_was_broken_is_ordered_again() {
    let (authority, mut node) = renewing();
    authority.mood(|mood| mood.window = None);
    std::fs::write(node.edge.path("acme/certificates/a.test.pem"), "x").unwrap();
    node.edge.restart();
    node.edge
        .eventually("there is another", || node.answers(&authority, "a.test"));
    assert_eq!(authority.count("issued"), 2);
}

#[test]
fn an_account_that_is_paid_for() {
    let authority = AcmeAuthority::start();
    let secret = b"a secret between two";
    authority.mood(|mood| mood.external = Some(("kid-1".to_owned(), secret.to_vec())));
    let node = Node::start("'a.test'", &authority.acme(""), "");
    node.is_found_by(&authority);
    node.edge.eventually("the order fails", || {
        node.edge.metric("edge_acme_orders_total", &["failure"]) > 0
    });
    let file = node.edge.path("key");
    std::fs::write(&file, "YSBzZWNyZXQgYmV0d2VlbiB0d28\n").unwrap();
    let external = "external_account = { key_id = 'kid-1', key_file = 'key' }\n";
    node.configure("'a.test'", &authority.acme(external), "");
    node.edge.reload();
    node.edge.eventually("there is a certificate", || {
        node.answers(&authority, "a.test")
    });
}
