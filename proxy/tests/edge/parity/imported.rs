//! nginx with a configuration, and the edge with what `hifate-edge import nginx` makes of it.

use std::fs;
use std::net::TcpStream;

use super::{Case, Pair};
use crate::nginx::Nginx;
use crate::origin::Origin;
use crate::process::{Edge, command, free_address};

/// The configuration of the user (its README §5.6).
const SEED: &str = include_str!("../../../import/tests/corpus/seed/HiFate-bazi.conf");

/// What Debian's nginx does otherwise than the versions that are supported.
const AS_TODAY: &str = "proxy_http_version 1.1;\n";

/// Starts both with a file of what stands in `http {}`; `LISTEN` is an address of each, and `LOGS` a
/// directory of each.
fn pair(origins: Vec<Origin>, block: &str) -> Pair {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.conf");
    let ours = block.replace("LOGS", dir.path().to_str().unwrap());
    let theirs = block.replace("LOGS", ".");
    fs::write(&file, ours.replace("LISTEN", &free_address().to_string())).unwrap();
    let outcome = command()
        .args(["import", "nginx"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(0), "{said}");
    let config = String::from_utf8(outcome.stdout).unwrap();
    let edge = Edge::start(&config);
    // There are two listeners, the one of the test and that of the configuration.
    edge.eventually("all listeners listen", || {
        TcpStream::connect(edge.http).is_ok()
    });
    Pair {
        nginx: Nginx::start(&format!("{AS_TODAY}{theirs}")),
        edge,
        origins,
    }
}

/// What the edge says of the client where nginx is not told to.
const OF_CLIENT: [&str; 4] = [
    "- server 0: Connection: close",
    "+ server 0: X-Forwarded-For: 127.0.0.1",
    "+ server 0: X-Forwarded-Proto: http",
    "+ server 0: X-Real-IP: 127.0.0.1",
];
const KEPT: &[&str] = &["- server 0: Connection: close"];

#[test]
fn the_users_own_configuration_does_what_it_did() {
    let main = Origin::saying("main");
    let backup = Origin::saying("backup");
    let block = SEED
        .replace("${MASTER_NODE_IP}:8001", &main.address.to_string())
        .replace("${SLAVE_NODE_IP}:8001", &backup.address.to_string())
        .replace("listen 80;", "listen LISTEN;")
        .replace("/var/log/nginx", "LOGS");
    let pair = pair(vec![main, backup], &block);
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: Your-Domain.com\r\nX-Own: 1\r\n\r\n");
    let large = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10485761\r\n\r\n";
    let post = "POST /api?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    let paths = [
        "/",
        "/a%20b/../c?d=e",
        "/health",
        "/healthz?x",
        "/docs",
        "/docs/../redoc",
        "/redoc/%41",
    ];
    let requests: Vec<String> = paths.iter().map(|path| get(path)).collect();
    let of_client = &OF_CLIENT;
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (path, request) in paths.iter().zip(&requests) {
        let said: &[&str] = if path.contains("health") || path.contains("do") {
            of_client
        } else {
            KEPT
        };
        cases.push((request, said));
    }
    cases.push((post, KEPT));
    cases.push((large, &[]));
    pair.compare(&cases);
}

#[test]
fn an_api_does_what_it_did() {
    let origin = Origin::start(|request, stream| {
        use std::io::Write as _;
        let status = if request.path().ends_with("/fails") {
            500
        } else {
            200
        };
        // What an application does that makes links of the Host.
        let location = match request.header("host") {
            Some("app") => "Location: http://app/there\r\n",
            _ => "",
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nX-Powered-By: app\r\n{location}Content-Length: 2\r\n\r\nok"
        );
        stream.write_all(head.as_bytes()).is_ok()
    });
    let block = format!(
        r#"upstream app {{ server {}; }}
        map $http_x_kind $kind {{ default other; ~*^be(.*)$ "is-$1"; gold first; }}
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Connection "";
        add_header X-Outer 1 always;
        default_type application/octet-stream;
        access_log off;
        server {{
            listen LISTEN;
            server_name a.example;
            set $team "t-$arg_team";
            proxy_hide_header X-Powered-By;
            location / {{ proxy_pass http://app; }}
            location /kind {{
                proxy_pass http://app;
                proxy_set_header Host $host;
                proxy_set_header X-Kind "${{kind}}_$team";
                proxy_set_header Connection "";
                proxy_set_header Accept-Language "";
                proxy_set_header X-Real-IP $remote_addr;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto $scheme;
                add_header X-Inner 2 always;
            }}
            location /named {{ proxy_pass http://app; proxy_set_header Host $proxy_host; proxy_set_header Connection ""; }}
            location /strip/ {{ proxy_pass http://app/; }}
            location /pages/ {{ proxy_pass http://app; proxy_intercept_errors on; error_page 500 =418 /sorry; }}
            location = /sorry {{ internal; return 200 sorry; }}
            location ~ ^/old/(\d+)$ {{ return 301 /new/$1; }}
            location /gone {{ rewrite ^/gone/(.*)$ /kind/$1?x=1 last; return 410; }}
            location ~* \.(bak|sql)$ {{ deny all; }}
            location ~ /\.(?!well-known).* {{ deny all; }}
            location ^~ /local/ {{ deny 127.0.0.1; allow all; return 204; }}
            location /local2/ {{ deny 127.0.0.1; allow all; proxy_pass http://app; }}
            location /text {{ return 200 "$request_method $uri\n"; }}
            location /methods {{
                if ($request_method = POST) {{ return 405; }}
                if ($cookie_beta = yes) {{ return 302 https://beta.example$request_uri; }}
                proxy_pass http://app;
            }}
            location /only {{
                if ($request_method !~ ^(GET|HEAD)$) {{ return 403; }}
                proxy_pass http://app;
            }}
        }}
        server {{ listen LISTEN default_server; return 444; }}"#,
        origin.address
    );
    let pair = pair(vec![origin], &block);
    let ask = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: a.example\r\n{more}\r\n");
    let requests = [
        ask("GET /", ""),
        ask(
            "GET /kind?team=x",
            "X-Kind: Beta\r\nAccept-Language: de\r\n",
        ),
        ask("GET /kind", "X-Kind: GOLD\r\n"),
        ask("GET /strip/a/%41?b", ""),
        ask("GET /fails", ""),
        ask("GET /sorry", ""),
        ask("GET /gone/a?y=2", ""),
        ask("GET /gone", ""),
        ask("GET /a.SQL", ""),
        ask("GET /.git/config", ""),
        ask("GET /.well-known/x", ""),
        ask("GET /local/", ""),
        ask("GET /local2/", ""),
        ask("PUT /text/a%20b", ""),
        ask("POST /methods", "Content-Length: 0\r\n"),
        ask("GET /methods?a", "Cookie: beta=yes\r\n"),
        ask("GET /methods?a", "Cookie: beta=no\r\n"),
        ask("DELETE /only", ""),
        ask("HEAD /only", ""),
        "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n".to_owned(),
    ];
    let cases: Vec<Case<'_>> = requests.iter().map(|one| (one.as_str(), &[][..])).collect();
    pair.compare(&cases);
    // nginx makes whole URLs of what is relative, and closes the connection after a 500 that has a page
    // (docs/semantics.md).
    let (relative, named, page) = (
        ask("GET /old/7", ""),
        ask("GET /named", ""),
        ask("GET /pages/fails", ""),
    );
    pair.compare(&[
        (
            &relative,
            &[
                "- location: http://a.example:PORT/new/7",
                "+ location: /new/7",
            ],
        ),
        (
            &named,
            &[
                "- location: http://a.example:PORT/there",
                "+ location: /there",
                "+ server 0: X-Forwarded-For: 127.0.0.1",
                "+ server 0: X-Forwarded-Proto: http",
                "+ server 0: X-Real-IP: 127.0.0.1",
            ],
        ),
        (&page, &["- connection: close"]),
    ]);
}
