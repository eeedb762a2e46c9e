//! What a route asks of a request besides its path, by which listener it came, and where requests go
//! on.

use crate::http::{get, request};
use crate::origin::Origin;
use crate::process::{Edge, free_address};

fn text(edge: &Edge, path: &str, lines: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let reply = request(edge.http, &head);
    format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body))
}

#[test]
fn routes_by_method_header_query_and_cookie() {
    let route = |when: &str, text: &str| {
        format!(
            "[[site.route]]\npath = \"/\"\nwhen = {{ {when} }}\nrespond = {{ status = 200, text = \"{text}\" }}\n"
        )
    };
    let edge = Edge::start(&format!(
        "[[site]]\n{}{}{}{}[[site.route]]\npath = \"/\"\nrespond = {{ status = 200, text = \"all\" }}\n",
        route("method = [\"PUT\", \"POST\"]", "write"),
        route(
            "header = { X-Beta = \"yes\" }, cookie = { user = true }",
            "beta"
        ),
        route("query = { v = { regex = '^[0-9]+$' } }", "version"),
        route(
            "cookie = { old = true }, header = { X-Beta = false }",
            "old"
        ),
    ));
    for (lines, path, expected) in [
        ("", "/", "200 all"),
        ("X-Beta: yes\r\n", "/", "200 all"),
        ("X-Beta: yes\r\nCookie: user=1\r\n", "/", "200 beta"),
        ("", "/?v=12", "200 version"),
        ("", "/?v=x", "200 all"),
        ("Cookie: old=\r\n", "/", "200 old"),
        ("Cookie: old=\r\nX-Beta: no\r\n", "/", "200 all"),
    ] {
        assert_eq!(text(&edge, path, lines), expected, "{path} {lines}");
    }
    let put = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(request(edge.http, put).body, b"write");
}

#[test]
fn l3_sites_of_a_listener() {
    let second = free_address();
    let config = |first: &str| {
        format!(
            "[[listener]]\naddress = \"{second}\"\n\
             [[site]]\nnames = [\"a\"]\nlisten = [\"{second}\"]\n\
             [[site.route]]\npath = \"/\"\nrespond = {{ status = 200, text = \"second\" }}\n\
             [[site]]\nnames = [\"_\"]\nlisten = [\"{first}\"]\n\
             [[site.route]]\npath = \"/\"\nredirect = {{ to = \"https://$host$request_uri\", status = 301 }}\n"
        )
    };
    let edge = Edge::start("[[site]]\n[[site.route]]\npath = \"/\"\nrespond = { status = 204 }\n");
    edge.configure(&config(&edge.http.to_string()));
    assert!(edge.reload().status.success());
    assert_eq!(get(second, "/").body, b"second");
    let head = "GET /x?y HTTP/1.1\r\nHost: b\r\n\r\n";
    let reply = request(edge.http, head);
    assert_eq!(reply.header("location"), Some("https://b/x?y"));
    edge.configure(&config("127.0.0.1:1"));
    let said = String::from_utf8_lossy(&edge.reload().stderr).into_owned();
    assert!(
        said.contains("there is no listener at `127.0.0.1:1`"),
        "{said}"
    );
    edge.configure(&config(&second.to_string()));
    let said = String::from_utf8_lossy(&edge.reload().stderr).into_owned();
    assert!(said.contains("no site is for requests by"), "{said}");
}

#[test]
fn a_page_for_a_body_that_is_too_large_and_what_follows() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&format!(
        "[upstream.app]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\nmax_body = 10\nerror_page = {{ 413 = \"/large\", 404 = \"/missing\" }}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"app\" }}\n\
         [[site.route]]\npath = \"/large\"\ninternal = true\n\
         respond = {{ status = 200, text = \"too large: $request_uri $request_method\" }}\n\
         [[site.route]]\npath = \"/missing\"\ninternal = true\n\
         respond = {{ status = 200, text = \"missing\" }}\n\
         [[site.route]]\npath = \"/nowhere\"\nrespond = {{ status = 404 }}\n",
        origin.address
    ));
    let body = "x".repeat(20);
    let head = format!("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{body}");
    let reply = request(edge.http, &head);
    assert_eq!(reply.status, 413);
    assert_eq!(reply.body, b"too large: /up GET");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(origin.seen().is_empty());
    edge.counts("edge_failures_total", &["body_too_large"], 1);
    // A body that was never asked for is read over, so that the connection can go on.
    let mut client = crate::http::Connection::new(edge.http);
    for _ in 0..2 {
        client.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        let reply = client.reply_to("POST").unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (404, &b"missing"[..])
        );
    }
}

#[test]
fn f5_urls_of_servers_become_those_of_the_edge() {
    let origin = Origin::start(|request, stream| {
        use std::io::Write as _;
        let to = request
            .head
            .lines()
            .find_map(|line| line.strip_prefix("X-To: "));
        let head = format!(
            "HTTP/1.1 302 Found\r\nLocation: {0}\r\nRefresh: 5; url={0}\r\nContent-Length: 0\r\n\r\n",
            to.unwrap_or_default()
        );
        stream.write_all(head.as_bytes()).is_ok()
    });
    let edge = Edge::start(&format!(
        "[upstream.app]\nserver = [{{ address = \"{}\" }}]\n[[site]]\n\
         [[site.route]]\npath = \"/shop/\"\nproxy = {{ to = \"app\", uri = \"/v1/\", \
         redirect = [{{ from = \"http://internal:8080/\", to = \"https://$host/\" }}] }}\n",
        origin.address
    ));
    for (from, to) in [
        ("http://app/v1/cart?x", "/shop/cart?x"),
        ("http://internal:8080/a", "https://a/a"),
        ("http://elsewhere/v1/", "http://elsewhere/v1/"),
        ("/v1/", "/v1/"),
    ] {
        let head = format!("GET /shop/ HTTP/1.1\r\nHost: a\r\nX-To: {from}\r\n\r\n");
        let reply = request(edge.http, &head);
        assert_eq!(reply.header("location"), Some(to));
        assert_eq!(
            reply.header("refresh"),
            Some(format!("5; url={to}").as_str())
        );
    }
}
