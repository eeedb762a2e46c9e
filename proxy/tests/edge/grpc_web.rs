//! gRPC-Web passes: its messages one by one, the status behind them as the last frame of the body, in binary and in
//! base64, over HTTP/1.1 and HTTP/2, whatever a site buffers and compresses.

use crate::process::{Edge, free_address, ours, python, server};
use crate::upstream_tls::Authority;

#[test]
fn a_client_and_a_server_of_grpc_web_understand_one_another() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let (cert, key) = (authority.path("a.pem"), authority.path("a.key"));
    let (address, plain) = (free_address(), free_address());
    let types = "types = ['application/grpc-web+proto', 'application/grpc-web-text+proto']";
    let cors = "cors = { origins = ['https://page.test'], methods = ['POST'], \
                headers = ['content-type', 'x-grpc-web', 'x-user-agent', 'grpc-timeout'], \
                expose = ['grpc-status', 'grpc-message'] }";
    let proxy = |path: &str, more: &str| {
        format!(
            "[[site.route]]\npath = '/{path}/'\n{cors}\n\
             proxy = {{ to = 'calls', uri = '/'{more} }}\n"
        )
    };
    let edge = Edge::start(&format!(
        "tls = {{ certificates = [{{ cert = '{}', key = '{}' }}] }}\n\
         [[listener]]\naddress = '{plain}'\n\
         [upstream.calls]\nserver = [{{ {} }}]\n\
         [[site]]\ncompress = {{ prefer = ['gzip'], min_length = 0, {types} }}\n{}{}",
        cert.display(),
        key.display(),
        server(address, ""),
        proxy("buffered", ", buffering = true, request_buffering = true"),
        proxy("streamed", ", buffering = false, request_buffering = false"),
    ));
    let script = ours("tests/edge/grpc_web/calls.py");
    let ports = [address.port(), plain.port(), edge.http.port()];
    let mut arguments = ports.map(|port| port.to_string()).to_vec();
    arguments.push(authority.path("ca.pem").display().to_string());
    let said = python(&script, &arguments, &edge);
    // Two protocols, two routes, two forms, with and without compression; four preflights.
    assert_eq!(said, "48 calls, 4 preflights: all is well\n");
}
