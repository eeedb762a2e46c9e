//! TLS with clients: certificates, versions, sessions, certificates of clients.

mod certificates;
pub(crate) mod client;
mod clients;
mod handshakes;
mod judged;
mod sessions;

use std::path::Path;

use self::client::Client;
use crate::process::Edge;
use crate::upstream_tls::Authority;

/// A certificate of `authority` in the words of the configuration.
pub(crate) fn certificate(authority: &Authority, file: &str) -> String {
    let path = |end: &str| authority.path(&format!("{file}.{end}"));
    let (cert, key) = (path("pem"), path("key"));
    format!(
        "{{ cert = \"{}\", key = \"{}\" }}",
        cert.display(),
        key.display()
    )
}

/// A listener with these certificates, and `more` about its TLS; then `config`.
fn listener(authority: &Authority, files: &[&str], more: &str, config: &str) -> String {
    let certificates: Vec<_> = files
        .iter()
        .map(|file| certificate(authority, file))
        .collect();
    let certificates = certificates.join(", ");
    format!("tls = {{ certificates = [{certificates}]{more} }}\n{config}")
}

/// A site that says what it knows.
const SITE: &str = "[[site]]\nhsts = { max_age = '365d' }\n\
    access_log = { path = 'access.log', format = '$ssl_protocol $ssl_cipher $ssl_curve \
    $ssl_alpn_protocol $ssl_server_name $ssl_session_reused $ssl_client_verify $uri' }\n\
    [[site.route]]\npath = '/'\n\
    respond = { status = 200, text = '$scheme $https $ssl_server_name $ssl_client_s_dn' }\n";

/// An edge with one certificate, `a.test`, and a client that trusts its authority.
fn simple(more: &str) -> (Edge, Client, Authority) {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let edge = Edge::start(&listener(&authority, &["a"], more, SITE));
    let client = Client::new(&authority);
    (edge, client, authority)
}

/// Replaces a file in one step, as whoever renews certificates should.
fn replace(path: &Path, with: &Path) {
    let part = path.with_extension("part");
    std::fs::copy(with, &part).unwrap();
    std::fs::rename(part, path).unwrap();
}
