//! Clients that show certificates.

use std::fs;

use rcgen::{
    CertificateRevocationListParams, DnType, KeyIdMethod, RevokedCertParams, SerialNumber,
};
use rustls::crypto::aws_lc_rs;

use super::client::Client;
use super::listener;
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};
use crate::upstream_tls::Authority;

/// An authority with a certificate of the edge's and two of clients, of which one is revoked.
fn authority() -> Authority {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    for (file, serial) in [("ada", 1), ("eve", 2)] {
        authority.issue(file, &["client.test"], |params| {
            let name = &mut params.distinguished_name;
            name.push(DnType::OrganizationName, "Analytical, Engines");
            name.push(DnType::CommonName, file);
            params.serial_number = Some(SerialNumber::from(vec![serial, 0xab]));
        });
    }
    let list = CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2020, 1, 1),
        next_update: rcgen::date_time_ymd(2100, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(vec![2, 0xab]),
            revocation_time: rcgen::date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    fs::write(authority.path("crl.pem"), authority.revoke(&list)).unwrap();
    authority
}

fn showing(authority: &Authority, file: &str) -> Client {
    let provider = aws_lc_rs::default_provider();
    Client::with(authority, provider, rustls::ALL_VERSIONS, Some(file))
}

fn auth(authority: &Authority, more: &str) -> String {
    let ca = authority.path("ca.pem");
    format!(", client_auth = {{ ca = \"{}\"{more} }}", ca.display())
}

#[test]
fn servers_are_told_who_came_and_no_client_can_tell_them() {
    let authority = authority();
    let origin = Origin::saying("in");
    let site = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&listener(&authority, &["a"], &auth(&authority, ""), &site));
    let forged = "X-Client-Cert-Subject: CN=root\r\nx-client-cert-other: x\r\n";
    let answer = showing(&authority, "ada").ask(edge.http, "a.test", forged);
    assert!(answer.unwrap().text.ends_with("in"));
    let seen = &origin.seen()[0];
    let told: Vec<_> = seen
        .head
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("x-client-cert-"))
        .collect();
    assert_eq!(
        told[0],
        "X-Client-Cert-Subject: O=Analytical\\, Engines,CN=ada"
    );
    assert!(told[1].starts_with("X-Client-Cert-Issuer: CN="), "{told:?}");
    assert_eq!(told[2], "X-Client-Cert-Serial: 01AB");
    assert_eq!(told[3].len(), "X-Client-Cert-Fingerprint: ".len() + 64);
    assert_eq!(told.len(), 4, "{told:?}");
    // Who shows none is not served, and neither is whom another authority has signed.
    Client::new(&authority)
        .ask(edge.http, "a.test", "")
        .err()
        .unwrap();
    let other = Authority::new();
    other.sign("ada", "client.test");
    fs::copy(authority.path("ca.pem"), other.path("ca.pem")).unwrap();
    showing(&other, "ada")
        .ask(edge.http, "a.test", "")
        .err()
        .unwrap();
    for cause in ["no_client_certificate", "client_certificate"] {
        let labels = [&*format!("cause=\"{cause}\"")];
        edge.counts("edge_tls_handshake_failures_total", &labels, 1);
    }
    assert_eq!(origin.seen().len(), 1);
}

#[test]
fn what_a_client_says_is_dropped_where_nobody_asks_for_certificates() {
    let origin = Origin::saying("in");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let forged = "GET / HTTP/1.1\r\nHost: a\r\nX-Client-Cert-Subject: CN=root\r\n\r\n";
    assert_eq!(crate::http::request(edge.http, forged).status, 200);
    assert_eq!(origin.seen()[0].header("x-client-cert-subject"), None);
}

#[test]
fn revoked_certificates_are_refused() {
    let authority = authority();
    let crl = format!(", crl = {:?}", authority.path("crl.pem"));
    let config = listener(&authority, &["a"], &auth(&authority, &crl), super::SITE);
    let edge = Edge::start(&config);
    showing(&authority, "ada").get(edge.http, "a.test");
    let refused = showing(&authority, "eve").ask(edge.http, "a.test", "");
    refused.err().unwrap();
    // Without the list, it would not be.
    edge.configure(&listener(
        &authority,
        &["a"],
        &auth(&authority, ""),
        super::SITE,
    ));
    assert!(edge.reload().status.success());
    showing(&authority, "eve").get(edge.http, "a.test");
}

#[test]
fn a_certificate_can_be_optional() {
    let authority = authority();
    let auth = auth(&authority, ", required = false");
    let edge = Edge::start(&listener(&authority, &["a"], &auth, super::SITE));
    let none = Client::new(&authority).get(edge.http, "a.test").text;
    assert!(none.ends_with("\r\n\r\nhttps on a.test "), "{none}");
    let ada = showing(&authority, "ada").get(edge.http, "a.test").text;
    assert!(
        ada.ends_with("https on a.test O=Analytical\\, Engines,CN=ada"),
        "{ada}"
    );
    let log = || fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("both are logged", || {
        log().contains(" NONE /") && log().contains(" SUCCESS /")
    });
}
