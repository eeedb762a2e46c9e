//! Paths: which location they belong to, and what becomes of them.

use super::Pair;
use crate::origin::Origin;

fn pair() -> Pair {
    let origin = Origin::saying("x");
    let address = origin.address;
    let nginx = format!(
        "upstream web {{ server {address}; keepalive 8; }}
         server {{ listen LISTEN;
         location / {{ proxy_pass http://web; }}
         location /docs {{ proxy_pass http://web/manual; }}
         location /app/ {{ proxy_pass http://web/; }}
         location /app/deep/ {{ proxy_pass http://web/very/deep/; }}
         location = /one {{ proxy_pass http://web/uno; }}
         location ^~ /first {{ proxy_pass http://web/primero; }}
         location ~ \\.php$ {{ proxy_pass http://web; }}
         }}"
    );
    let route = |path: &str, uri: &str| {
        format!("[[site.route]]\npath = {path}\nproxy = {{ to = \"web\"{uri} }}\n")
    };
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n{}",
        [
            route("\"/\"", ""),
            route("\"/docs\"", ", uri = \"/manual\""),
            route("\"/app/\"", ", uri = \"/\""),
            route("\"/app/deep/\"", ", uri = \"/very/deep/\""),
            route("{ exact = \"/one\" }", ", uri = \"/uno\""),
            route(
                "{ prefix = \"/first\", before_regex = true }",
                ", uri = \"/primero\""
            ),
            route("{ regex = '\\.php$' }", ""),
        ]
        .concat()
    );
    Pair::start(vec![origin], &nginx, &edge)
}

fn compare(targets: &[(&str, &[&str])]) {
    let requests: Vec<String> = targets
        .iter()
        .map(|(target, _)| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    let cases = requests
        .iter()
        .zip(targets)
        .map(|(request, case)| (request.as_str(), case.1));
    pair().compare(&cases.collect::<Vec<_>>());
}

#[test]
fn q7_a_path_without_replacement_goes_on_as_it_came() {
    compare(&[
        ("/", &[]),
        ("/?", &[]),
        ("/a//b/./c/../d", &[]),
        ("/a%2Fb%20c%C3%A9", &[]),
        ("/a?b=%20&c=d%zz?e", &[]),
        ("/a%3Fb", &[]),
        ("/a;b=c", &[]),
        ("/a#b", &[]),
        ("/\u{e9}", &[]),
        ("/a|b\\c\"d<e>^`{f}", &[]),
        ("http://a/x?y", &[]),
        ("http://a", &[]),
        // A URL with a query and no path is refused.
        (
            "http://a?x",
            &[
                "- status: 200",
                "- content-length: 1",
                "- content-type: text/plain",
                "- body: x",
                "- server 0: GET /?x HTTP/1.1",
                "- server 0: Host: a",
                "- server 0: X-Forwarded-For: 127.0.0.1",
                "- server 0: X-Forwarded-Proto: http",
                "- server 0: X-Real-IP: 127.0.0.1",
                "- server 0: ",
                "+ status: 400",
                "+ connection: close",
                "+ content-type: text/html",
                "+ a page",
            ],
        ),
        ("HTTP://a/", &[]),
        ("/a%", &[]),
        ("/%4", &[]),
        ("/..", &[]),
        ("/a/../../b", &[]),
        ("/%2e%2e/", &[]),
    ]);
}

#[test]
fn q7_l1_l2_a_location_replaces_its_prefix() {
    compare(&[
        ("/docs", &[]),
        ("/docs/a?b", &[]),
        ("/docs-private", &[]),
        ("/docs%2Fa", &[]),
        ("/d%6Fcs/%41%20%25%3F%23b", &[]),
        ("/x/../docs//a", &[]),
        ("/docs/\u{e9}%C3%A9", &[]),
        ("/docs/%20a\"b<>;:@&=+$,", &[]),
        // nginx escapes again only if something was escaped; the meaning is the same.
        (
            "/docs/a\"b<>|",
            &[
                "- server 0: GET /manual/a\"b<>| HTTP/1.1",
                "+ server 0: GET /manual/a%22b%3C%3E%7C HTTP/1.1",
            ],
        ),
        ("/docs/%7F%01", &[]),
        ("/docs?", &[]),
        ("/docs/..", &[]),
        ("/app/", &[]),
        ("/app/a/b/", &[]),
        ("/app/deep/x", &[]),
        ("/one", &[]),
        ("/one/", &[]),
        ("/o%6Ee?x", &[]),
        ("/first/x.php", &[]),
        ("/docs/x.php", &[]),
        ("/docs/x%2Ephp", &[]),
        ("/x.php?y", &[]),
        ("/x.php/y", &[]),
    ]);
}

/// Where only the slash is missing; nginx makes the whole URL of it, with the port it listens on, which
/// is not always the one that the client knows.
#[test]
fn l2_a_path_without_its_slash() {
    compare(&[
        (
            "/app?a=b",
            &[
                "- location: http://a:PORT/app/?a=b",
                "+ location: /app/?a=b",
            ],
        ),
        (
            "/app/deep",
            &[
                "- location: http://a:PORT/app/deep/",
                "+ location: /app/deep/",
            ],
        ),
    ]);
}
