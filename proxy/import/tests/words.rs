//! Single directives, and the words that they become; and that nothing at all breaks the output.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use nginx_import::{Files, Imported, Severity, import};
use proptest::prelude::*;

struct One(Vec<u8>);

impl Files for One {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

fn imported(text: &str) -> Imported {
    import(
        "/etc/nginx/nginx.conf",
        &One(text.into()),
        "/usr/share/nginx",
    )
    .unwrap()
}

/// What a location says, within a site that logs.
fn location(inside: &str) -> Imported {
    imported(&format!(
        "upstream app {{ server 10.0.0.1:80; }} access_log /log;\n\
         server {{ listen 80; location /a/ {{\n{inside}\n}} }}"
    ))
}

/// What stands in a location, and what its route says.
const LOCATIONS: &[(&str, &str)] = &[
    (
        "proxy_pass http://app;",
        "proxy = { to = \"app\", redirect = [{ from = \"http://app/\", to = \"/\" }] }",
    ),
    (
        "proxy_pass http://app/b/; proxy_set_header Host $host;",
        "proxy = { to = \"app\", uri = \"/b/\" }",
    ),
    (
        "proxy_pass http://app/b/; proxy_set_header Host $host; proxy_redirect off;",
        "redirect = [{ from = \"http://app/b/\", to = \"http://app/b/\" }]",
    ),
    (
        "proxy_pass http://app$request_uri; proxy_set_header Host $http_host;",
        "proxy = { to = \"app\" }",
    ),
    (
        "set $n app; proxy_pass http://$n/x$is_args$args; proxy_set_header Host $host;",
        "uri = \"/x$is_args$args\"",
    ),
    (
        "proxy_pass http://app; proxy_read_timeout 5m; proxy_send_timeout 90;",
        "send_timeout = \"90s\"\nread_timeout = \"5m\"",
    ),
    ("deny all;", "respond = { status = 403 }"),
    (
        "allow 10.0.0.0/8; deny all; root /w;",
        "allow = [\"10.0.0.0/8\"]\nfiles",
    ),
    ("deny 10.0.0.9; root /w;", "deny = [\"10.0.0.9\"]\nfiles"),
    (
        "deny 10.0.0.9; allow 10.0.0.0/8; deny all; root /w;",
        "allow = [\"10.0.0.0/8\"]\ndeny = [\"10.0.0.9\"]",
    ),
    (
        "allow 10.0.0.9; deny 10.0.0.0/8; root /w;",
        "allow = [\"10.0.0.9\", \"0.0.0.0/0\", \"::/0\"]\ndeny = [\"10.0.0.0/8\"]",
    ),
    ("allow all; root /w;", "path = \"/a/\"\nfiles"),
    (
        "return 301 https://x$request_uri;",
        "redirect = { to = \"https://x$request_uri\", status = 301 }",
    ),
    ("return https://x;", "redirect = \"https://x\""),
    ("return 204;", "respond = { status = 204 }"),
    (
        "return 200 \"a${host}b\";",
        "respond = { status = 200, text = \"a$${host}b\" }",
    ),
    (
        "return 404; deny all; limit_rate 0;",
        "respond = { status = 404 }",
    ),
    (
        "root /w; rewrite ^(.*)$ $1.html break;",
        "rewrite = [{ find = \"^/(.*)$\", to = \"/$1.html\", then = \"break\" }]",
    ),
    ("root /w; try_files $uri @b;", "try = [\"$uri\", \"=500\"]"),
    (
        "root w; expires -1;",
        "expires = \"epoch\"\nfiles = { root = \"/usr/share/nginx/w\" }",
    ),
    (
        "root /w; if (!-e $request_filename) { rewrite ^ /index.html last; }",
        "try = [\"$uri\", \"$uri/\", \"/index.html\"]",
    ),
    ("fastcgi_pass x;", "respond = { status = 501 }"),
    ("stub_status;", "status_page = true"),
    (
        "root /w; auth_basic x; auth_basic_user_file users;",
        "users_file = \"/etc/nginx/users\"",
    ),
];

#[test]
fn a_location_says_the_same_in_other_words() {
    for (inside, expected) in LOCATIONS {
        let imported = location(inside);
        assert!(
            imported.text.contains(expected),
            "{inside}\n{}",
            imported.text
        );
    }
}

#[test]
fn the_rule_that_has_no_effect_in_the_edge_is_told() {
    let imported = location("deny 10.0.0.0/8; allow 10.0.0.9; root /w;");
    let lost = imported
        .notes
        .iter()
        .find(|note| note.severity == Severity::Lost)
        .unwrap();
    assert_eq!(lost.directive, "allow 10.0.0.9");
    assert_eq!(lost.at.line, 3);
    // It is as if it were not there, and so it is in nginx.
    assert!(
        imported.text.contains("deny = [\"10.0.0.0/8\"]\n"),
        "{}",
        imported.text
    );
    assert!(!imported.text.contains("allow = "), "{}", imported.text);
}

#[test]
fn every_directive_is_accounted_for() {
    let imported = location("root /w; some_module on; other_module { x y; }");
    let lost: Vec<_> = imported
        .notes
        .iter()
        .filter(|note| note.severity == Severity::Lost)
        .collect();
    let names: Vec<_> = lost.iter().map(|note| note.directive.as_str()).collect();
    assert_eq!(names, ["some_module on", "other_module {"]);
    for name in names {
        assert!(
            imported
                .text
                .contains(&format!("# nginx: {name} (nginx.conf:3): ")),
            "{}",
            imported.text
        );
    }
}

/// Pieces of configurations, sane and not.
const PIECES: [&str; 40] = [
    "http {",
    "server {",
    "location / {",
    "location ~ \\.x$ {",
    "location @n {",
    "if ($http_a = b) {",
    "upstream u {",
    "map $host $m {",
    "}",
    "}",
    "}",
    "listen 80;",
    "listen 443 ssl default_server;",
    "server_name a.b ~^(?<n>x)$ _;",
    "server 1.2.3.4 weight=2 backup;",
    "server unix:/x;",
    "default u;",
    "~^a(.*) $1;",
    "proxy_pass http://u;",
    "proxy_pass http://$m/x;",
    "proxy_pass https://h:1/y;",
    "proxy_set_header X \"${m}y\";",
    "add_header A 'b\"\\n' always;",
    "return 301 $scheme://x;",
    "return 200 '\"\"\"';",
    "rewrite ^(.*)$ $1 last;",
    "error_page 404 =200 @n;",
    "root /w;",
    "alias /v;",
    "try_files $uri =404;",
    "limit_req zone=z burst=2;",
    "limit_req_zone $host zone=z:1m rate=1r/s;",
    "allow 1.1.1.1;",
    "deny all;",
    "set $v \"a b\";",
    "access_log /l f if=$m;",
    "log_format f '$v \\'\u{1}';",
    "ssl_certificate c;",
    "ssl_certificate_key k;",
    "expires $m;",
];

proptest! {
    #[test]
    fn what_is_printed_is_toml(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect::<Vec<_>>().join("\n");
        let open = text.matches('{').count() - text.matches("${m}").count();
        let missing = open.saturating_sub(text.matches('}').count());
        let text = text + &"}".repeat(missing);
        if let Ok(imported) = import("f", &One(text.clone().into_bytes()), "/p") {
            let read = toml::from_str::<toml::Table>(&imported.text);
            prop_assert!(read.is_ok(), "{text}\n{}\n{}", imported.text, read.unwrap_err());
        }
    }

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = [b"server { location / { return 200 \"".as_slice(), &bytes, b"\"; } }"].concat();
        if let Ok(imported) = import("f", &One(text), "/p") {
            prop_assert!(toml::from_str::<toml::Table>(&imported.text).is_ok(), "{}", imported.text);
        }
    }
}
