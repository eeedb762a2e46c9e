//! Servers on Unix sockets: one edge in front of another.

use crate::http::request;
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

#[test]
fn a_server_on_a_unix_socket_is_a_server_like_any_other() {
    let origin = Origin::saying("through a socket");
    let mut behind = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let path = behind.path("web.sock").display().to_string();
    let listener = format!("[[listener]]\naddress = \"unix:{path}\"\n");
    behind.configure(&(listener + &proxy_to(&[server(origin.address, "")])));
    assert!(behind.reload().status.success());

    let probed = "[upstream.web.health_check]\ntype = \"http\"\ninterval = \"50ms\"\nport = 9\n";
    let front = Edge::start(&(proxy_to(&[format!("address = \"unix:{path}\"")]) + probed));
    for _ in 0..3 {
        assert_eq!(front.get("/").text(), "through a socket");
    }
    let label = format!("server=\"unix:{path}\"");
    front.counts("edge_upstream_requests_total", &[&label, "code=\"200\""], 3);
    assert_eq!(front.metric("edge_upstream_up", &[&label]), 1);

    let address = format!("unix:{path}").replace('/', "%2F");
    let change = |body: &str| {
        let length = body.len();
        let head = format!("PATCH /api/v1/upstreams/web/servers/{address} HTTP/1.1\r\nHost: a");
        let asked = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        request(front.admin, &asked).status
    };
    assert_eq!(change("{\"state\": \"down\"}"), 200);
    assert_eq!(front.get("/").status, 503);
    assert_eq!(change("{\"state\": \"up\"}"), 200);
    assert_eq!(front.get("/").status, 200);

    behind.signal("TERM");
    assert!(behind.wait(std::time::Duration::from_secs(10)).is_some());
    front.eventually("the socket is found to be gone", || {
        front.metric("edge_upstream_up", &[&label]) == 0
    });
    assert_eq!(front.get("/").status, 502);
}

#[test]
fn what_a_unix_socket_cannot_have_is_said() {
    let config = "[upstream.web]\nserver = [{ address = \"unix:run/web.sock\" }]\n\
                  [upstream.tls]\ntls = {}\nserver = [{ address = \"unix:/run/tls.sock\" }]\n\
                  [[site]]\n[[site.route]]\npath = \"/\"\nproxy = { to = \"web\" }\n";
    let edge = Edge::start(&proxy_to(&["address = \"unix:/nowhere\"".to_owned()]));
    edge.configure(config);
    let outcome = edge.command("check");
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(
        said.contains("is not an absolute path after `unix:`"),
        "{said}"
    );
    assert!(said.contains("a Unix socket has no name"), "{said}");
}
