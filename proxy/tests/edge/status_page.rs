//! The page of nginx's `stub_status`.

use crate::http::{Connection, request};
use crate::nginx::Nginx;
use crate::process::Edge;

const ROUTE: &str = "[[site]]\n[[site.route]]\npath = { exact = \"/status\" }\n\
    allow = [\"127.0.0.1\"]\nstatus_page = true\n\
    [[site.route]]\npath = \"/\"\nrespond = { status = 200, text = \"x\" }\n";

fn both() -> (Nginx, Edge) {
    let nginx = Nginx::start(
        "server { listen LISTEN;
         location = /status { stub_status; allow 127.0.0.1; deny all; }
         location / { default_type text/plain; return 200 x; } }",
    );
    (nginx, Edge::start(ROUTE))
}

#[test]
fn the_text_and_the_numbers_are_nginx_s() {
    let (nginx, edge) = both();
    // nginx's test has connected once to see that it listens.
    for (address, before) in [(nginx.http, 1), (edge.http, 0)] {
        let mut idle = Connection::new(address);
        idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(idle.reply().unwrap().status, 200);
        // What has not asked yet waits as well.
        let mut client = Connection::new(address);
        let mut text = String::new();
        let mut ask = || {
            client.send("GET /status HTTP/1.1\r\nHost: a\r\n\r\n");
            let reply = client.reply().unwrap();
            assert_eq!(reply.header("content-type"), Some("text/plain"));
            reply.text().clone_into(&mut text);
            text.clone()
        };
        let expected = |requests: u32| {
            let accepted = before + 2;
            format!(
                "Active connections: 2 \nserver accepts handled requests\n {accepted} {accepted} \
                 {requests} \nReading: 0 Writing: 1 Waiting: 1 \n"
            )
        };
        // The first request is counted when it has been answered, and the connection is idle then.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        let mut requests = 2;
        while ask() != expected(requests) {
            assert!(std::time::Instant::now() < end, "{text}");
            requests += 1;
        }
        assert_eq!(ask(), expected(requests + 1));
    }
}

#[test]
fn it_is_only_read_and_only_by_who_may() {
    let (nginx, edge) = both();
    for address in [nginx.http, edge.http] {
        for (line, status) in [
            ("HEAD /status", 200),
            ("POST /status", 405),
            ("GET /status/x", 200),
        ] {
            let mut client = Connection::new(address);
            client.send(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n"));
            let method = line.split(' ').next().unwrap();
            assert_eq!(client.reply_to(method).unwrap().status, status, "{line}");
        }
    }
    let strict = Edge::start(&ROUTE.replace("127.0.0.1", "10.0.0.1"));
    let reply = request(strict.http, "GET /status HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(reply.status, 403);
}
