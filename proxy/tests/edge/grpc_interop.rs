//! Calls of every kind, as the client and the server of `grpcio` (from `PyPI`) make them, through the edge
//! over h2c and over TLS.

use crate::process::{Edge, free_address, ours, python, server};
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
    let script = ours("tests/edge/grpc_interop/calls.py");
    let ports = [address.port(), plain.port(), edge.http.port()];
    let mut arguments = ports.map(|port| port.to_string()).to_vec();
    arguments.push(authority.path("ca.pem").display().to_string());
    let said = python(&script, &arguments, &edge);
    assert_eq!(said, "13 calls over h2c, 13 calls over TLS: all is well\n");
}
