//! Calls of every kind, as the client and the server of `grpcio` (from `PyPI`) make them, through the edge
//! over h2c and over TLS.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Edge, free_address, server};
use crate::upstream_tls::Authority;

#[test]
fn grpcio_s_client_and_server_understand_one_another() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let (cert, key) = (authority.path("a.pem"), authority.path("a.key"));
    let (address, plain) = (free_address(), free_address());
    let edge = Edge::start(&format!(
        "tls = {{ certificates = [{{ cert = '{}', key = '{}' }}] }}\n\
         [[listener]]\naddress = '{plain}'\n\
         [upstream.calls]\nhttp = \"2\"\nserver = [{{ {} }}]\n\
         [[site]]\nmax_body = \"32M\"\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"calls\" }}\n",
        cert.display(),
        key.display(),
        server(address, "")
    ));
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/edge/grpc_interop/calls.py"
    );
    let python = std::env::var_os("HIFATE_PYTHON").map_or("python3".into(), PathBuf::from);
    let outcome = Command::new(python)
        .arg(script)
        .args([address.port(), plain.port(), edge.http.port()].map(|port| port.to_string()))
        .arg(authority.path("ca.pem"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.status.success(),
        "{said}{}\n`make setup` installs what it needs\n{}",
        String::from_utf8_lossy(&outcome.stderr),
        edge.log()
    );
    assert_eq!(said, "13 calls over h2c, 13 calls over TLS: all is well\n");
}
