//! What servers are told of their clients.

use crate::http::request;
use crate::origin::Origin;
use crate::process::Edge;

/// The headers about the client that a server sees.
fn seen(edge: &Edge, origin: &Origin, path: &str, lines: &str) -> Vec<String> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a:81\r\n{lines}\r\n");
    assert_eq!(request(edge.http, &head).status, 200);
    let seen = origin.seen();
    let lines = seen.last().unwrap().head.lines();
    let about = |line: &&str| {
        let line = line.to_ascii_lowercase();
        line.starts_with("x-real") || line.starts_with("x-forwarded") || line.starts_with("forw")
    };
    lines.filter(about).map(str::to_owned).collect()
}

fn start(trusted: &str) -> (Origin, Edge) {
    let origin = Origin::saying("x");
    let config = format!(
        "[client]\ntrusted = [{trusted}]\n\
         [upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\nforwarding = \"forwarded\"\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/both\"\nforwarding = \"both\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/usual\"\nforwarding = \"x_forwarded\"\n\
         proxy = {{ to = \"web\" }}\n",
        origin.address
    );
    let edge = Edge::start(&config);
    (origin, edge)
}

const LIES: &str = "Forwarded: for=9.9.9.9\r\nX-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\n";

#[test]
fn strangers_do_not_speak_for_others() {
    let (origin, edge) = start("");
    let own = "Forwarded: for=127.0.0.1;host=\"a:81\";proto=http";
    assert_eq!(seen(&edge, &origin, "/", LIES), [own]);
    assert_eq!(
        seen(&edge, &origin, "/both", LIES),
        [
            "X-Real-IP: 127.0.0.1",
            "X-Forwarded-For: 9.9.9.9, 127.0.0.1",
            "X-Forwarded-Proto: http",
            own,
        ]
    );
    assert_eq!(
        seen(&edge, &origin, "/usual", LIES),
        [
            "X-Real-IP: 127.0.0.1",
            "X-Forwarded-For: 9.9.9.9, 127.0.0.1",
            "X-Forwarded-Proto: http",
            "Forwarded: for=9.9.9.9",
        ]
    );
}

#[test]
fn trusted_proxies_do() {
    let (origin, edge) = start("\"127.0.0.1\"");
    let lines = "Forwarded: for=192.0.2.9;proto=https\r\n";
    assert_eq!(
        seen(&edge, &origin, "/", lines),
        ["Forwarded: for=192.0.2.9;proto=https, for=127.0.0.1;host=\"a:81\";proto=http"]
    );
    // What it says in other words is said in these.
    let lines = "X-Forwarded-For: 2001:db8::7\r\nX-Forwarded-Proto: https\r\n";
    assert_eq!(
        seen(&edge, &origin, "/", lines),
        ["Forwarded: for=\"[2001:db8::7]\";host=\"a:81\";proto=https"]
    );
}
