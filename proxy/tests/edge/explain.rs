//! `hifate-edge explain` says what really happens.

use crate::http::request;
use crate::process::{Edge, command};

const CONFIG: &str = r#"
[upstream.app]
balance = { hash = "$arg_user" }
server = [{ address = "10.0.0.1:80", weight = 2 }, { address = "10.0.0.2:80", backup = true }]

[[site]]
names = ["a.test", "*.a.test"]
rewrite = [{ find = "^/old/(.*)$", to = "/new/$1" }]
error_page = { 404 = "/missing", "500-599" = { to = "@sorry", status = 200 } }
deny = ["192.0.2.0/24"]

[[site.route]]
path = "/"
respond = { status = 200, text = "$route" }

[[site.route]]
path = "/new/"
when = { method = ["POST"], header = { X-Beta = true } }
respond = { status = 200, text = "beta" }

[[site.route]]
path = "/new/"
respond = { status = 200, text = "$route" }
response_headers.set.X-For = "$host $arg_x"

[[site.route]]
path = { regex = '\.css$' }
respond = { status = 200, text = "$route" }

[[site.route]]
path = "/api/"
proxy = { to = "app", uri = "/v1/", read_timeout = "5m" }

[[site.route]]
path = "/any/"
proxy = { to = "$arg_to", uri = "/of/$host$uri" }

[[site.route]]
path = "/files/"
files = { root = "/srv/$host", try = ["$uri", "=404"] }

[[site.route]]
path = "@sorry"
respond = { status = 200, text = "sorry" }

[[site]]
names = ["_"]
[[site.route]]
path = "/"
redirect = "https://a.test$request_uri"
"#;

fn explain(edge: &Edge, arguments: &[&str]) -> String {
    let said = command()
        .arg("explain")
        .arg("--config")
        .arg(edge.path("edge.toml"))
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(if said.status.success() {
        said.stdout
    } else {
        said.stderr
    })
    .unwrap()
}

/// The texts about one thing.
fn about<'s>(said: &'s str, title: &str) -> Vec<&'s str> {
    let lines = said.lines().filter_map(|line| line.strip_prefix(title));
    lines
        .filter(|rest| rest.starts_with("  "))
        .map(str::trim)
        .collect()
}

#[test]
fn says_which_route_takes_a_request_and_why() {
    let edge = Edge::start(CONFIG);
    for (path, route) in [
        ("/", "/"),
        ("/x/../new/", "/new/"),
        ("/old/y", "/new/"),
        ("/new/x.css", "\\.css$"),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(request(edge.http, &head).text(), route, "{path}");
        let said = explain(&edge, &[&format!("http://a.test{path}")]);
        let found = about(&said, "route");
        assert!(found[0].starts_with(&format!("{route}: ")), "{said}");
        assert_eq!(
            about(&said, "answer"),
            [format!("200, text/plain: {route}")]
        );
    }
    let said = explain(&edge, &["http://x.a.test/old/a?x=1"]);
    assert_eq!(
        about(&said, "rewrite"),
        ["a rule of the site makes it /new/a?x=1; a route is chosen for it"]
    );
    assert!(
        said.contains("the longest name that fits is *.a.test"),
        "{said}"
    );
    assert_eq!(about(&said, "response header"), ["X-For: x.a.test 1"]);
    let not = about(&said, "not");
    assert!(
        not.contains(&"/new/: it asks for POST, header X-Beta"),
        "{said}"
    );
    assert!(
        not.contains(&"/: another has a better claim than this prefix"),
        "{said}"
    );
    let said = explain(
        &edge,
        &["http://a.test/new/", "-X", "POST", "-H", "X-Beta: 1"],
    );
    assert_eq!(about(&said, "answer"), ["200, text/plain: beta"]);
}

#[test]
fn says_who_is_asked_and_what_else_holds() {
    let edge = Edge::start(CONFIG);
    let said = explain(
        &edge,
        &["http://a.test/api/x?user=ann", "--from", "192.0.2.7"],
    );
    for (title, text) in [
        ("upstream", "app, by the key \"ann\""),
        ("asked for", "/v1/x?user=ann (/v1/ in place of /api/)"),
        ("timeouts", "connect 1m, send 1m, read 5m; of a tunnel 1h"),
        ("access", "403 access_denied: 192.0.2.7 may not ask"),
        ("body", "up to 1M (max_body)"),
        ("error page", "404: /missing, with the status of the error"),
        ("error page", "500-599: @sorry, with 200"),
    ] {
        assert!(
            about(&said, title).contains(&text),
            "{title} {text}: {said}"
        );
    }
    let servers = about(&said, "server");
    assert!(servers[0].starts_with("10.0.0.1:80, weight 2"), "{said}");
    assert!(servers[1].contains("backup"), "{said}");
    let said = explain(&edge, &["/x", "-H", "Host: elsewhere"]);
    assert_eq!(about(&said, "answer"), ["302 to https://a.test/x"]);
}

#[test]
fn says_what_variables_come_to() {
    let edge = Edge::start(CONFIG);
    let said = explain(&edge, &["http://a.test/any/x?to=app"]);
    assert_eq!(about(&said, "asked for"), ["/of/a.test/any/x"]);
    assert!(about(&said, "upstream")[0].starts_with("app, "), "{said}");
    let said = explain(&edge, &["http://a.test/any/x?to=b"]);
    assert_eq!(about(&said, "refused"), ["502: there is no upstream `b`"]);
    let said = explain(&edge, &["http://x.a.test/files/y"]);
    assert_eq!(about(&said, "files"), ["/srv/x.a.test"]);
    assert_eq!(about(&said, "tried"), ["/srv/x.a.test/files/y"]);
}

#[test]
fn says_who_may_ask_and_how_often() {
    let config = "[upstream.auth]\nserver = [{ address = \"10.0.0.1:80\" }]\n\
        [rate_limit.few]\nrate = \"10/s\"\nburst = 5\ndry_run = true\n\
        [rate_limit.key]\nrate = \"1/m\"\nkey = \"$arg_key\"\n\
        [[site]]\nlimits = [\"few\", \"key\"]\nallow = [\"10.0.0.0/8\"]\nsatisfy = \"any\"\n\
        forward_auth = { to = \"auth\", uri = \"/verify\" }\n\
        cors = { origins = [\"https://*.a.test\", \"http://b:81\"] }\n\
        hsts = { max_age = \"1h\" }\n\
        [[site.route]]\npath = \"/\"\nstatus_page = true\n";
    let edge = Edge::start(config);
    let said = explain(&edge, &["/x?key=one", "--from", "192.0.2.7"]);
    for (title, texts) in [
        (
            "rate limit",
            &[
                "few: 10/s, 5 early, of them 0 at once, by 192.0.2.7; it only counts",
                "key: 1/m, by \"one\"",
            ][..],
        ),
        ("access", &["192.0.2.7 may ask if it is known"]),
        ("asked first", &["auth, for /verify"]),
        ("read by", &["pages of https://*.a.test, http://b:81"]),
        (
            "response header",
            &["Strict-Transport-Security: max-age=3600 (to who came by https)"],
        ),
        ("answer", &["200, what stub_status says"]),
    ] {
        assert_eq!(about(&said, title), texts, "{said}");
    }
    let said = explain(&edge, &["/x", "--from", "10.0.0.7"]);
    assert_eq!(about(&said, "access"), ["10.0.0.7 may ask, whoever it is"]);
    let limits = about(&said, "rate limit");
    assert_eq!(limits[1], "key: no key, so it is not counted");
}

#[test]
fn says_what_the_edge_would_refuse() {
    let edge = Edge::start(CONFIG);
    for (arguments, expected) in [
        (&["http://a.test/%00"][..], "400 zero_byte_in_path"),
        (&["/x", "-X", "get"], "400 bad_method"),
        (
            &["/x", "-H", "Host: a", "-H", "Host: b"],
            "400 host_repeated",
        ),
        (&["a.test/x"], "`a.test/x` is neither a URL nor a path"),
        (
            &["/x", "--listener", "0.0.0.0:1"],
            "there is no listener at `0.0.0.0:1`",
        ),
    ] {
        let said = explain(&edge, arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
