//! Which certificate is shown, and what becomes of files that change.

use std::fs;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::client::Client;
use super::{SITE, listener, replace, simple};
use crate::process::Edge;
use crate::upstream_tls::Authority;

fn der(authority: &Authority, file: &str) -> Vec<u8> {
    let path = authority.path(&format!("{file}.pem"));
    CertificateDer::from_pem_file(path).unwrap().to_vec()
}

#[test]
fn the_certificate_is_that_of_the_name_asked_for() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    authority.sign("any", "*.b.test");
    authority.sign("exact", "x.b.test");
    let files = ["a", "any", "exact"];
    let edge = Edge::start(&listener(&authority, &files, "", SITE));
    let client = Client::new(&authority);
    for (name, file) in [
        ("a.test", "a"),
        ("A.TEST", "a"),
        ("x.b.test", "exact"),
        ("y.b.test", "any"),
    ] {
        let shown = client.get(edge.http, name).shown();
        assert_eq!(shown, der(&authority, file), "{name}");
    }
    // For all others there is the first, which is not for them.
    for name in ["b.test", "z.y.b.test", "other.test", "127.0.0.1"] {
        let refused = client.ask(edge.http, name, "").err().unwrap();
        assert!(
            refused.to_string().contains("not valid for name"),
            "{name}: {refused}"
        );
    }
    // Unless they are not wanted.
    edge.configure(&listener(
        &authority,
        &files,
        ", reject_unknown_names = true",
        SITE,
    ));
    assert!(edge.reload().status.success());
    let refused = client.ask(edge.http, "b.test", "").err().unwrap();
    assert!(refused.to_string().contains("alert"), "{refused}");
    client.get(edge.http, "y.b.test");
    let cause = ["cause=\"unknown_name\""];
    edge.counts("edge_tls_handshake_failures_total", &cause, 1);
}

#[test]
fn files_that_change_are_read_again() {
    let (edge, _, authority) = simple("");
    authority.sign("new", "a.test");
    authority.sign("other", "a.test");
    authority.issue("old", &["a.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    // Without a session from before, which would know the certificate of its beginning.
    let shown = || Client::new(&authority).get(edge.http, "a.test").shown();
    let first = der(&authority, "a");
    assert_eq!(shown(), first);
    // One of the two is there before the other.
    let (cert, key) = (authority.path("a.pem"), authority.path("a.key"));
    let reads = |result: &str, count| {
        let labels = [&*format!("result=\"{result}\"")];
        edge.counts("edge_tls_certificate_reads_total", &labels, count);
    };
    replace(&cert, &authority.path("new.pem"));
    reads("failure", 1);
    assert_eq!(shown(), first);
    replace(&key, &authority.path("new.key"));
    reads("success", 1);
    assert_eq!(shown(), der(&authority, "new"));
    // What has expired takes the place of nothing that has not.
    replace(&key, &authority.path("old.key"));
    reads("failure", 2);
    replace(&cert, &authority.path("old.pem"));
    reads("failure", 3);
    assert_eq!(shown(), der(&authority, "new"));
    assert!(edge.log().contains("is not valid now"), "{}", edge.log());
    // Nor does a reload with files that do not fit.
    replace(&cert, &authority.path("other.pem"));
    let refused = edge.reload();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("a.key: is not the key of "), "{said}");
    assert_eq!(edge.command("check").status.code(), Some(1));
    assert_eq!(shown(), der(&authority, "new"));
    let expiry = "edge_tls_certificate_expiry_timestamp_seconds{name=\"a.test\"} ";
    let metrics = edge.metrics();
    assert!(metrics.contains(expiry), "{metrics}");
}

#[test]
fn what_the_authority_says_is_stapled() {
    let (edge, client, authority) = simple("");
    client.get(edge.http, "a.test");
    assert_eq!(client.stapled(), b"");
    let ocsp = authority.path("a.ocsp");
    fs::write(&ocsp, b"-----BEGIN").unwrap();
    let with = format!(".key\", ocsp = {ocsp:?}");
    let config = listener(&authority, &["a"], "", SITE).replace(".key\"", &with);
    edge.configure(&config);
    let refused = edge.reload();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("is no OCSP response in DER"), "{said}");
    fs::write(&ocsp, [0x30, 3, 10, 1, 0]).unwrap();
    assert!(edge.reload().status.success());
    let fresh = Client::new(&authority);
    fresh.get(edge.http, "a.test");
    assert_eq!(fresh.stapled(), [0x30, 3, 10, 1, 0]);
}
