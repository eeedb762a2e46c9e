//! Locations inside of others, by expressions with groups, and servers by all kinds of names.

use super::{Case, Pair};

/// Both answer with the location that took the request; these are its name and where it stands.
fn pair() -> Pair {
    let nginx = r#"
        map $arg_lang $greeting { default hello; de hallo; "~^fr-(?<region>.+)$" "salut $region"; }
        map $http_x $empty { "" none; default some; }
        types { }
        server { listen LISTEN; server_name a.test;
          location / { return 200 "root $uri $args";
            location /app/ { return 200 "app $uri"; }
            location ~ \.html$ { return 200 "html $uri"; } }
          location /greet { return 200 "$greeting $empty"; }
          location ~ \.js$ { return 200 "js $uri"; }
          location ^~ /static/ { return 200 "static $uri";
            location ~ \.css$ { return 200 "css $uri"; }
            location = /static/x { return 200 "x"; } }
          location ~ ^/user/(?<name>[a-z]+)/(\d+)$ { return 200 "user $name $2 $1"; }
          location ~* ^/Case/(.)$ { return 200 "case $1"; } }
        server { listen LISTEN; server_name *.a.test; return 200 below; }
        server { listen LISTEN; server_name www.*; return 200 begins; }
        server { listen LISTEN; server_name "~^(?<who>[a-z]+)\.b\.test$"; return 200 "of $who $host"; }
        server { listen LISTEN default_server; server_name _; return 200 other; }"#;
    let route = |path: &str, text: &str| {
        format!("path = {path}\nrespond = {{ status = 200, text = '{text}' }}\n")
    };
    let routes = [
        ("site.route", "'/'", "root $uri $args"),
        ("site.route.route", "'/app/'", "app $uri"),
        ("site.route.route", "{ regex = '\\.html$' }", "html $uri"),
        ("site.route", "'/greet'", "$greeting $empty"),
        ("site.route", "{ regex = '\\.js$' }", "js $uri"),
        (
            "site.route",
            "{ prefix = '/static/', before_regex = true }",
            "static $uri",
        ),
        ("site.route.route", "{ regex = '\\.css$' }", "css $uri"),
        ("site.route.route", "{ exact = '/static/x' }", "x"),
        (
            "site.route",
            "{ regex = '^/user/(?<name>[a-z]+)/(\\d+)$' }",
            "user $name $2 $1",
        ),
        ("site.route", "{ regex = '(?i)^/Case/(.)$' }", "case $1"),
    ];
    let routes = routes.map(|(table, path, text)| format!("[[{table}]]\n{}", route(path, text)));
    let site = |name: &str, text: &str| {
        format!(
            "[[site]]\nnames = ['{name}']\n[[site.route]]\n{}",
            route("'/'", text)
        )
    };
    let edge = format!(
        "[map.greeting]\nof = '$arg_lang'\ndefault = 'hello'\nvalues = {{ DE = 'hallo' }}\n\
         regex = [{{ find = '^fr-(?<region>.+)$', value = 'salut $region' }}]\n\
         [map.empty]\nof = '$http_x'\ndefault = 'some'\nvalues = {{ '' = 'none' }}\n\
         [[site]]\nnames = ['a.test']\n{}{}",
        routes.concat(),
        [
            site("*.a.test", "below"),
            site("www.*", "begins"),
            site("~^(?<who>[a-z]+)\\.b\\.test$", "of $who $host"),
            site("_", "other"),
        ]
        .concat()
    );
    Pair::start(Vec::new(), nginx, &edge)
}

#[test]
fn l1_l3_locations_and_servers() {
    let pair = pair();
    let of_path = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let of_host = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let requests = [
        of_path("/"),
        of_path("/x?a=b"),
        of_path("/app/x"),
        of_path("/app/x.html"),
        of_path("/x.js"),
        of_path("/app/x.js"),
        of_path("/static/x.js"),
        of_path("/static/x.css"),
        of_path("/static/x"),
        of_path("/static/../x.css"),
        of_path("/user/ann/42"),
        of_path("/user/ann/42/"),
        of_path("/cASE/x"),
        of_path("/case/y"),
        of_path("/greet"),
        of_path("/greet?lang=DE"),
        of_path("/greet?lang=fr-ca"),
        of_path("/greet?lang=fr-"),
        of_path("/greet").replace("\r\n\r\n", "\r\nX: 1\r\n\r\n"),
        of_host("A.TEST"),
        of_host("x.a.test"),
        of_host("www.a.test"),
        of_host("www.org"),
        of_host("Ann.b.test"),
        of_host("1.b.test"),
        of_host("www."),
    ];
    let cases: Vec<Case<'_>> = requests.iter().map(|one| (one.as_str(), &[][..])).collect();
    pair.compare(&cases);
    // A dot is a byte for nginx, and a character for the edge.
    pair.compare(&[(
        "GET /case/%C3%BC HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[
            "- content-length: 14",
            "- body: root /case/ü ",
            "+ content-length: 7",
            "+ body: case ü",
        ],
    )]);
}
