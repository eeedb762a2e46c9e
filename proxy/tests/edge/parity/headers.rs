//! Header lines that the configuration sets, adds and removes.

use super::Pair;
use crate::http::request;
use crate::origin::Origin;

fn pair() -> Pair {
    let origin = Origin::start(|request, stream| {
        use std::io::Write as _;
        let status = if request.path() == "/fails" { 500 } else { 200 };
        let head = format!(
            "HTTP/1.1 {status} X\r\nX-Powered-By: app\r\nCache-Control: no-store\r\n\
             X-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).is_ok()
    });
    let address = origin.address;
    let nginx = format!(
        "upstream web {{ server {address}; keepalive 8; }}
         server {{ listen LISTEN;
         add_header X-Frame-Options SAMEORIGIN always;
         add_header X-Served \"$request_method-$status-$upstream_status\" always;
         proxy_hide_header X-Powered-By;
         proxy_hide_header X-Twice;
         location / {{ proxy_pass http://web; }}
         location /api/ {{
             proxy_pass http://web;
             add_header X-Frame-Options DENY always;
             add_header X-Served \"$request_method-$status-$upstream_status\" always;
             add_header Cache-Control \"max-age=$arg_age\" always;
             proxy_hide_header X-Powered-By;
             proxy_hide_header X-Twice;
             proxy_hide_header Cache-Control;
             proxy_set_header Host api.example;
             proxy_set_header X-Real-IP '';
             proxy_set_header X-Forwarded-For $remote_addr;
             proxy_set_header X-Forwarded-Proto https;
             proxy_set_header X-Who \"$http_x_who!\";
             proxy_set_header Accept-Encoding '';
             proxy_set_header Connection '';
         }}
         location /own/ {{ proxy_pass http://web; add_header X-Own 1 always; }}
         location /text {{ return 404 text; }} }}"
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n\
         [site.response_headers]\nremove = [\"x-powered-by\", \"X-Twice\"]\n\
         [site.response_headers.set]\nX-Frame-Options = \"SAMEORIGIN\"\n\
         X-Served = \"$request_method-$status-$upstream_status\"\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/text\"\nrespond = {{ status = 404, text = \"text\" }}\n\
         [[site.route]]\npath = \"/own/\"\nproxy = {{ to = \"web\" }}\n\
         response_headers = {{ inherit = false, set = {{ X-Own = \"1\" }}, \
         remove = [\"x-powered-by\", \"x-twice\"] }}\n\
         [[site.route]]\npath = \"/api/\"\nproxy = {{ to = \"web\" }}\n\
         request_headers.remove = [\"X-Real-IP\", \"accept-encoding\"]\n\
         [site.route.request_headers.set]\nHost = \"api.example\"\n\
         X-Forwarded-For = \"$remote_addr\"\nX-Forwarded-Proto = \"https\"\n\
         X-Who = \"$http_x_who!\"\n\
         [site.route.response_headers.set]\nX-Frame-Options = \"DENY\"\n\
         Cache-Control = \"max-age=$arg_age\"\n"
    );
    Pair::start(vec![origin], &nginx, &edge)
}

#[test]
fn q2_f5_lines_that_the_configuration_changes() {
    pair().compare(&[
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET /fails HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET /text HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET /own/ HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        (
            "GET /api/x?age=9 HTTP/1.1\r\nHost: a\r\nX-Who: me\r\nAccept-Encoding: br\r\n\
             X-Forwarded-For: 9.9.9.9\r\n\r\n",
            &[],
        ),
        ("HEAD /api/?age= HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
    ]);
}

/// A page of the edge's own is an answer of the site as well; a value cannot end its line.
#[test]
fn lines_of_the_edge_s_own_answers() {
    let config = "[upstream.web]\nserver = [{ address = \"127.0.0.1:1\" }]\n\
        [[site]]\nresponse_headers.set = { X-Frame-Options = \"DENY\", X-Path = \"$uri\" }\n\
        [[site.route]]\npath = \"/web\"\nproxy = { to = \"web\" }\n\
        response_headers = { remove = [\"x-path\"], add = { Retry-After = \"3\" } }\n";
    let edge = crate::process::Edge::start(config);
    let reply = edge.get("/nowhere%0d%0aX-Evil:%201");
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    assert_eq!(reply.header("x-path"), Some("/nowhereX-Evil: 1"));
    assert!(reply.header("x-evil").is_none());
    let reply = edge.get("/web");
    assert_eq!(reply.status, 502);
    assert_eq!(reply.header("retry-after"), Some("3"));
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    assert!(reply.header("x-path").is_none());
    let refused = request(edge.http, "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("x-frame-options"), Some("DENY"));
}

#[test]
fn names_that_are_not_for_the_configuration_are_refused() {
    let config = "[upstream.web]\nserver = [{ address = \"127.0.0.1:1\" }]\n\
        [[site]]\nresponse_headers.set = { \"a b\" = \"x\", Connection = \"close\" }\n\
        [[site.route]]\npath = \"/\"\nproxy = { to = \"web\" }\n\
        request_headers = { remove = [\"Host\"], set = { X = \"$nosuch\" } }\n";
    let edge = crate::process::Edge::start(
        &config
            .replace("\"a b\" = \"x\", Connection = \"close\"", "")
            .replace("remove = [\"Host\"], set = { X = \"$nosuch\" }", ""),
    );
    edge.configure(config);
    let outcome = edge.command("check");
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    for expected in [
        "`a b` is not the name of a header",
        "`Connection` is the edge's own on each connection",
        "every request has a Host",
        "there is no variable `$nosuch`",
    ] {
        assert_eq!(said.matches(expected).count(), 1, "{expected}: {said}");
    }
}
