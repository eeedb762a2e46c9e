//! What RFC 9113 and RFC 7541 demand of a server, case by case, in the manner of h2spec, which the clients in
//! `conformance/` speak frame by frame (`hyperframe`, `hpack` and `h2` from `PyPI`).

use crate::http::get;
use crate::process::{Edge, free_address, ours, proxy_to, python, server};
use crate::upstream_tls::Authority;

#[test]
fn what_the_rfcs_demand_is_done_but_for_what_is_known() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let (cert, key) = (authority.path("a.pem"), authority.path("a.key"));
    let (origin, plain) = (free_address(), free_address());
    let site = proxy_to(&[server(origin, "")]).replace("[[site]]", "[[site]]\nmax_body = \"32M\"");
    let edge = Edge::start(&format!(
        "tls = {{ certificates = [{{ cert = '{}', key = '{}' }}] }}\n\
         [[listener]]\naddress = '{plain}'\n\
         [client]\nkeepalive_requests = 1000000\n{site}",
        cert.display(),
        key.display(),
    ));
    let folder = ours("tests/edge/http2/conformance/");
    let ports = [origin.port(), plain.port(), edge.http.port()];
    let mut arguments = ports.map(|port| port.to_string()).to_vec();
    arguments.push(authority.path("ca.pem").display().to_string());
    let known = format!("{folder}known.txt");
    arguments.extend(["--deviations".to_owned(), known]);
    let said = python(&format!("{folder}run.py"), &arguments, &edge);
    for over in ["h2c", "TLS"] {
        let all_known = |line: &str| line.starts_with(over) && line.ends_with(" 0 otherwise");
        assert!(said.lines().any(all_known), "{said}");
    }
    let alive = get(plain, "/health");
    assert_eq!(alive.status, 502, "nothing is behind it any more");
    edge.counts("edge_connections", &[], 0);
    assert_eq!(edge.metric("edge_panics_total", &[]), 0);
}
