//! The edge, counted.

use std::cell::RefCell;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use lab::{eventually, free_address, program};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::callgrind::Counted;

/// An edge with one worker, under callgrind.
#[derive(Debug)]
pub(crate) struct Edge {
    counted: RefCell<Counted>,
    plain: SocketAddr,
    tls: SocketAddr,
    http2: SocketAddr,
    certificate: rcgen::Certificate,
    _dir: TempDir,
}

impl Edge {
    /// Starts it in front of the server at `origin`.
    pub(crate) fn start(origin: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [plain, tls, http2, admin] = [(); 4].map(|()| free_address());
        let own = rcgen::generate_simple_self_signed(["plain.test".to_owned()]).unwrap();
        let pem = own.cert.pem() + &own.signing_key.serialize_pem();
        fs::write(dir.path().join("own.pem"), pem).unwrap();
        fs::create_dir(dir.path().join("root")).unwrap();
        fs::write(dir.path().join("root/file.txt"), "x".repeat(1024)).unwrap();
        let config = config([plain, tls, http2, admin], origin, &dir.path().join("root"));
        fs::write(dir.path().join("edge.toml"), config).unwrap();
        let run = ["run", "--config", "edge.toml"];
        let counted = Counted::start(&program("hifate-edge"), &run, dir.path());
        eventually("the edge listens", || {
            [plain, tls, http2, admin]
                .iter()
                .all(|address| TcpStream::connect(address).is_ok())
        });
        Self {
            counted: RefCell::new(counted),
            plain,
            tls,
            http2,
            certificate: own.cert,
            _dir: dir,
        }
    }

    /// How many instructions one time costs, of `times` that are counted after `warm` that are not.
    pub(crate) fn count(&self, warm: u32, times: u32, mut once: impl FnMut()) -> u64 {
        (0..warm).for_each(|_| once());
        let all = || (0..times).for_each(|_| once());
        self.counted.borrow_mut().during(all) / u64::from(times)
    }

    /// A connection for HTTP/1.
    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.plain)
    }

    /// A connection for HTTP/2, by prior knowledge.
    pub(crate) fn connect_by_http2(&self) -> TcpStream {
        connect(self.http2)
    }

    /// A connection for HTTP/1 with TLS.
    pub(crate) fn connect_by_tls(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("plain.test").unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(session, connect(self.tls))
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn config([plain, tls, http2, admin]: [SocketAddr; 4], origin: SocketAddr, root: &Path) -> String {
    let sites = sites(root);
    format!(
        r#"
[server]
threads = 1
[admin]
listen = "{admin}"
[client]
keepalive_requests = 1_000_000
[[listener]]
address = "{plain}"
[[listener]]
address = "{tls}"
tls = {{ certificates = [{{ cert = "own.pem", key = "own.pem" }}] }}
[[listener]]
address = "{http2}"
http2 = true
[rate_limit.clients]
rate = "100000/s"
burst = 1000
nodelay = true
[upstream.origin]
keepalive = 16
[[upstream.origin.server]]
address = "{origin}"
{sites}
"#
    )
}

/// A site for each way to answer.
fn sites(root: &Path) -> String {
    let root = root.display();
    format!(
        r#"
[[site]]
names = ["plain.test"]
access_log = false
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
[[site.route]]
path = {{ exact = "/old" }}
redirect = {{ to = "/new", status = 301 }}
[[site]]
names = ["logged.test"]
access_log = {{ path = "access.log", format = "combined" }}
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
[[site]]
names = ["policy.test"]
access_log = false
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
allow = ["127.0.0.0/8"]
limits = ["clients"]
response_headers = {{ set = {{ X-Frame-Options = "DENY", X-Served-By = "$hostname" }} }}
[[site]]
names = ["gzip.test"]
access_log = false
gzip = {{ level = 6, min_length = "1k", types = ["application/json"] }}
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
[[site]]
names = ["files.test"]
access_log = false
[[site.route]]
path = "/"
files = {{ root = "{root}" }}
"#
    )
}
