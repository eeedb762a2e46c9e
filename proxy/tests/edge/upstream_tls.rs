//! TLS to servers: whom the edge trusts, what it shows, what it says when that fails.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::process::{Edge, proxy_to, server};

/// An authority and the files it has signed.
pub(crate) struct Authority {
    dir: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { dir, issuer }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Signs a certificate for `name`, as `FILE.pem` and `FILE.key`.
    pub(crate) fn sign(&self, file: &str, name: &str) {
        self.issue(file, &[name], |_| {});
    }

    /// The same for several names, with what `change` says.
    pub(crate) fn issue(
        &self,
        file: &str,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        // Another than the authority's, or some take it for its own.
        params.distinguished_name.push(DnType::CommonName, file);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path(&format!("{file}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
    }

    /// A chain for whoever has the key to `key`, as PEM.
    pub(crate) fn sign_key(
        &self,
        key: &impl PublicKeyData,
        names: &[String],
        change: impl FnOnce(&mut CertificateParams),
    ) -> String {
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        format!("{}{}", certificate.pem(), self.issuer.pem())
    }

    /// A list of certificates that are revoked, as PEM.
    pub(crate) fn revoke(&self, list: &CertificateRevocationListParams) -> String {
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// How a server of `FILE.pem` speaks TLS; it looks at certificates of clients.
    pub(crate) fn server(&self, file: &str) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .unwrap();
        let chain = vec![CertificateDer::from_pem_file(self.path(&format!("{file}.pem"))).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{file}.key"))).unwrap();
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap()
    }
}

/// A server of `FILE.pem` that tells who came: the name asked for, and whether with a certificate.
fn tls_server(authority: &Authority, file: &str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let config = Arc::new(authority.server(file));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let says = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, seen) = (Arc::clone(&config), Arc::clone(&says));
            std::thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                let mut tls = StreamOwned::new(connection, stream.unwrap());
                let mut read = vec![0; 10_000];
                while matches!(tls.read(&mut read), Ok(count) if count > 0) {
                    let name = tls.conn.server_name().unwrap_or("nobody").to_owned();
                    let shown = tls.conn.peer_certificates().is_some();
                    seen.lock().unwrap().push(format!("{name} {shown}"));
                    tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                        .unwrap();
                }
            });
        }
    });
    (address, seen)
}

fn config(address: SocketAddr, tls: &str) -> String {
    proxy_to(&[server(address, "")]).replace("[[site]]", &format!("tls = {{ {tls} }}\n[[site]]"))
}

#[test]
fn a_server_is_verified_by_name_or_address() {
    let authority = Authority::new();
    authority.sign("named", "web.internal");
    authority.sign("addressed", "127.0.0.1");
    let ca = format!("ca = {:?}", authority.path("ca.pem"));
    let (named, seen) = tls_server(&authority, "named");
    let edge = Edge::start(&config(
        named,
        &format!("{ca}, server_name = \"web.internal\""),
    ));
    for _ in 0..3 {
        assert_eq!(edge.get("/").text(), "ok", "{}", edge.log());
    }
    assert_eq!(seen.lock().unwrap().as_slice(), ["web.internal false"; 3]);
    // Another name, another authority: 502, and the log says what was wrong.
    for (tls, reason) in [
        (ca.clone(), "not valid for name"),
        ("server_name = \"web.internal\"".to_owned(), "UnknownIssuer"),
    ] {
        edge.configure(&config(named, &tls));
        assert!(edge.reload().status.success());
        let refused = edge.get("/");
        assert_eq!(refused.status, 502);
        assert!(
            refused.text().contains("no TLS with the server"),
            "{}",
            refused.text()
        );
        assert!(edge.log().contains(reason), "{reason}\n{}", edge.log());
    }
    edge.configure(&config(named, "verify = false"));
    assert!(edge.reload().status.success());
    assert_eq!(edge.get("/").status, 200);
    let (addressed, _) = tls_server(&authority, "addressed");
    edge.configure(&config(addressed, &ca));
    assert!(edge.reload().status.success());
    assert_eq!(edge.get("/").status, 200, "{}", edge.log());
}

#[test]
fn the_edge_shows_its_own_certificate() {
    let authority = Authority::new();
    authority.sign("server", "web.internal");
    authority.sign("edge", "edge.internal");
    let (address, seen) = tls_server(&authority, "server");
    let tls = format!(
        "ca = {:?}, server_name = \"web.internal\", cert = {:?}, key = {:?}",
        authority.path("ca.pem"),
        authority.path("edge.pem"),
        authority.path("edge.key")
    );
    let check = "[upstream.web.health_check]\ninterval = \"50ms\"\n";
    let edge = Edge::start(&format!("{}{check}", config(address, &tls)));
    assert_eq!(edge.get("/").text(), "ok", "{}", edge.log());
    edge.eventually("probes speak TLS as well", || {
        seen.lock().unwrap().len() > 3
    });
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .all(|seen| seen == "web.internal true")
    );
    assert_eq!(edge.metric("edge_upstream_up", &[]), 1);
}

#[test]
fn files_that_are_missing_or_do_not_fit_change_nothing() {
    let authority = Authority::new();
    authority.sign("a", "web.internal");
    authority.sign("b", "web.internal");
    let (address, _) = tls_server(&authority, "a");
    let good = config(address, "verify = false");
    let edge = Edge::start(&good);
    for (tls, reason) in [
        ("ca = \"/nowhere.pem\"".to_owned(), "/nowhere.pem"),
        (
            format!("ca = {:?}", authority.path("a.key")),
            "holds no certificate",
        ),
        (
            format!(
                "cert = {:?}, key = {:?}",
                authority.path("a.pem"),
                authority.path("b.key")
            ),
            "KeyMismatch",
        ),
    ] {
        edge.configure(&config(address, &tls));
        let refused = edge.reload();
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(reason), "{said}");
        assert_eq!(
            edge.command("check").status.code(),
            Some(1),
            "check finds it as well"
        );
        assert_eq!(edge.get("/").status, 200);
    }
}

#[test]
fn http_2_has_to_be_agreed_on() {
    let authority = Authority::new();
    authority.sign("a", "web.internal");
    let (address, seen) = tls_server(&authority, "a");
    let config = config(address, "verify = false").replace("tls =", "http = \"2\"\ntls =");
    let edge = Edge::start(&config);
    assert_eq!(edge.get("/").status, 502);
    let said = "the server speaks no HTTP/2 over TLS";
    assert!(edge.log().contains(said), "{}", edge.log());
    assert!(seen.lock().unwrap().is_empty(), "nothing was asked");
}
