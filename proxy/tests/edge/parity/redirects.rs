//! Answers that a server leaves to another location (`X-Accel-Redirect`).

use std::io::Write as _;

use super::Pair;
use crate::http::get;
use crate::origin::{Origin, answer};

fn pair() -> Pair {
    let app = Origin::start(|request, stream| {
        let to = match request.path() {
            "/loop" => "/loop",
            "/missing" => "/nowhere",
            "/query" => "/files/x?y=z",
            _ => "/files/a%20b",
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-Accel-Redirect: {to}\r\nSet-Cookie: a=b\r\nX-Mine: 1\r\n\
             Content-Type: text/x\r\nCache-Control: no-store\r\nExpires: 0\r\n\
             Content-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).is_ok()
    });
    let files = Origin::start(|request, stream| {
        let is_head = request.head.starts_with("HEAD");
        answer(stream, if is_head { "" } else { "file" })
    });
    let nginx = format!(
        "server {{ listen LISTEN;
         location / {{ proxy_pass http://{}; }}
         location /files/ {{ internal; proxy_pass http://{}/; }}
         location /nowhere {{ internal; return 404; }} }}",
        app.address, files.address
    );
    let edge = format!(
        "[upstream.app]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.files]\nserver = [{{ address = \"{}\" }}]\n[[site]]\n\
         [[site.route]]\npath = {{ regex = '^/[^fn]' }}\nproxy = {{ to = \"app\" }}\n\
         [[site.route]]\npath = \"/files/\"\ninternal = true\n\
         proxy = {{ to = \"files\", uri = \"/\" }}\n",
        app.address, files.address
    );
    Pair::start(vec![app, files], &nginx, &edge)
}

#[test]
fn f3_redirects_inside() {
    let pair = pair();
    pair.compare(&[
        ("GET /get HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("HEAD /get HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET /query?a HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        // nginx makes it a GET and sends the body all the same.
        (
            "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
            &[
                "- server 1: Content-Length: 2",
                "- server 1: hi",
                "+ server 1: Content-Length: 0",
                "+ server 1: ",
            ],
        ),
        // A page of the edge's own has nothing of an answer that never was.
        (
            "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n",
            &[
                "- cache-control: no-store",
                "- expires: 0",
                "- set-cookie: a=b",
            ],
        ),
        ("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
    ]);
    for address in [pair.nginx.http, pair.edge.http] {
        assert_eq!(get(address, "/loop").status, 500);
    }
}
