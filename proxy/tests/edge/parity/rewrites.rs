//! New paths, and pages in place of errors.

use std::io::Write as _;

use super::{Case, Pair};
use crate::origin::{Origin, answer};

fn app() -> Origin {
    Origin::start(|request, stream| {
        let status = request.path().trim_start_matches("/status/").parse();
        match status {
            Ok(status @ 300u16..) => {
                let head =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\nX-Mine: 1\r\n\r\nerror");
                stream.write_all(head.as_bytes()).is_ok()
            }
            _ => answer(stream, "app"),
        }
    })
}

#[test]
fn rewritten_paths() {
    let app = app();
    let address = app.address;
    let nginx = format!(
        "upstream app {{ server {address}; keepalive 8; }}
         server {{ listen LISTEN;
         rewrite ^/site/(.*)$ /of-site/$1;
         rewrite ^/gone/(.*)$ /new/$1?from=$1 permanent;
         rewrite ^/away$ http://elsewhere.test/x?y=1 redirect;
         rewrite ^/bare$ /other? redirect;
         location / {{ proxy_pass http://app; }}
         location /v1/ {{ rewrite ^/v1/(.*)$ /api/$1?v=1 break; proxy_pass http://app; }}
         location /v2/ {{ rewrite ^/v2/(.*)$ /v1/$1 last; return 500; }}
         location /drop/ {{ rewrite ^/drop/(.*)$ /kept/$1? break; proxy_pass http://app/never/; }}
         location /loop {{ rewrite ^ /loop last; }} }}"
    );
    let route = |path: &str, rest: &str| {
        format!("[[site.route]]\npath = '{path}'\n{rest}proxy = {{ to = 'app' }}\n")
    };
    let edge = format!(
        "[upstream.app]\nserver = [{{ address = '{address}' }}]\n[[site]]\nrewrite = [\n\
         {{ find = '^/site/(.*)$', to = '/of-site/$1' }},\n\
         {{ find = '^/gone/(.*)$', to = '/new/$1?from=$1', then = 'permanent' }},\n\
         {{ find = '^/away$', to = 'http://elsewhere.test/x?y=1' }},\n\
         {{ find = '^/bare$', to = '/other?', then = 'redirect' }}]\n{}{}{}{}{}",
        route("/", ""),
        route(
            "/v1/",
            "rewrite = [{ find = '^/v1/(.*)$', to = '/api/$1?v=1', then = 'break' }]\n"
        ),
        route(
            "/v2/",
            "rewrite = [{ find = '^/v2/(.*)$', to = '/v1/$1' }]\n"
        ),
        "[[site.route]]\npath = '/drop/'\n\
         rewrite = [{ find = '^/drop/(.*)$', to = '/kept/$1?', then = 'break' }]\n\
         proxy = { to = 'app', uri = '/never/' }\n",
        route("/loop", "rewrite = [{ find = '^', to = '/loop' }]\n"),
    );
    let pair = Pair::start(vec![app], &nginx, &edge);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    // nginx makes a whole URL of a path (absolute_redirect).
    let path_alone = |path: &str| {
        [
            format!("- location: http://a:PORT{path}"),
            format!("+ location: {path}"),
        ]
    };
    let gone = path_alone("/new/x?from=x&a=b");
    let bare = path_alone("/other");
    let unlike = |lines: &[String; 2]| lines.clone();
    let cases: Vec<(String, Vec<String>)> = vec![
        (get("/site/a%20b/c"), vec![]),
        (get("/site/x?a=b"), vec![]),
        (get("/gone/x?a=b"), unlike(&gone).to_vec()),
        (get("/away?a=b"), vec![]),
        (get("/bare?a=b"), unlike(&bare).to_vec()),
        (get("/v1/x"), vec![]),
        (get("/v1/x?a=b"), vec![]),
        (get("/v2/x?a=b"), vec![]),
        (get("/drop/x?a=b"), vec![]),
        (
            "POST /v2/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            vec![],
        ),
        (get("/loop"), vec![]),
    ];
    compare(&pair, &cases);
}

fn compare(pair: &Pair, cases: &[(String, Vec<String>)]) {
    let unlike = cases
        .iter()
        .map(|(_, unlike)| unlike.iter().map(String::as_str).collect());
    let unlike: Vec<Vec<&str>> = unlike.collect();
    let cases = cases.iter().zip(&unlike);
    let cases: Vec<Case<'_>> = cases
        .map(|((request, _), unlike)| (request.as_str(), unlike.as_slice()))
        .collect();
    pair.compare(&cases);
}

#[test]
fn pages_in_place_of_errors() {
    let app = app();
    let address = app.address;
    let nginx = format!(
        "upstream app {{ server {address}; keepalive 8; }}
         upstream dead {{ server 127.0.0.1:1; }}
         types {{ }}
         server {{ listen LISTEN;
         error_page 404 /not-found.html;
         error_page 410 =200 /gone.html;
         error_page 403 = /own.html;
         error_page 401 http://login.test/;
         location / {{ return 404; }}
         location /text {{ return 404 mine; }}
         location /410 {{ return 410; }}
         location /403 {{ return 403; }}
         location /401 {{ return 401; }}
         location = /not-found.html {{ internal; return 200 \"no $request_uri $uri\"; }}
         location = /gone.html {{ return 200 gone; }}
         location = /own.html {{ return 202 own; }}
         location /status/ {{ proxy_pass http://app; proxy_intercept_errors on;
           error_page 404 /not-found.html; error_page 500 502 = @fallback; }}
         location /passed/ {{ proxy_pass http://app/status/; }}
         location /dead/ {{ proxy_pass http://dead; error_page 502 = @fallback; }}
         location /twice/ {{ error_page 404 /status/404; return 404; }}
         location @fallback {{ proxy_pass http://app; }} }}"
    );
    let edge = format!(
        "[upstream.app]\nserver = [{{ address = '{address}' }}]\n\
         [upstream.dead]\nserver = [{{ address = '127.0.0.1:1' }}]\n[[site]]\n\
         error_page = {{ 404 = '/not-found.html', 410 = {{ to = '/gone.html', status = 200 }}, \
         403 = {{ to = '/own.html', status = 'own' }}, 401 = 'http://login.test/' }}\n\
         {}\
         [[site.route]]\npath = '/status/'\nintercept_errors = true\n\
         error_page = {{ '500 502' = {{ to = '@fallback', status = 'own' }} }}\n\
         proxy = {{ to = 'app' }}\n\
         [[site.route]]\npath = '/passed/'\nproxy = {{ to = 'app', uri = '/status/' }}\n\
         [[site.route]]\npath = '/dead/'\n\
         error_page = {{ 502 = {{ to = '@fallback', status = 'own' }} }}\n\
         proxy = {{ to = 'dead' }}\n\
         [[site.route]]\npath = '/twice/'\nerror_page = {{ 404 = '/status/404' }}\n\
         respond = {{ status = 404 }}\n\
         [[site.route]]\npath = '@fallback'\nproxy = {{ to = 'app' }}\n",
        [
            ("'/'", "respond = { status = 404 }"),
            ("'/text'", "respond = { status = 404, text = 'mine' }"),
            ("'/410'", "respond = { status = 410 }"),
            ("'/403'", "respond = { status = 403 }"),
            ("'/401'", "respond = { status = 401 }"),
            (
                "{ exact = '/not-found.html' }",
                "internal = true\nrespond = { status = 200, text = 'no $request_uri $uri' }"
            ),
            (
                "{ exact = '/gone.html' }",
                "respond = { status = 200, text = 'gone' }"
            ),
            (
                "{ exact = '/own.html' }",
                "respond = { status = 202, text = 'own' }"
            ),
        ]
        .map(|(path, does)| format!("[[site.route]]\npath = {path}\n{does}\n"))
        .concat()
    );
    let pair = Pair::start(vec![app], &nginx, &edge);
    let post =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut cases: Vec<(String, Vec<String>)> = [
        "/x?y",
        "/text",
        "/410",
        "/403",
        "/401",
        "/not-found.html",
        "/status/404",
        "/status/502",
        "/status/503",
        "/passed/404",
        "/dead/x",
    ]
    .map(|path| (get(path), vec![]))
    .to_vec();
    cases.push((post("/x"), vec![]));
    // For an error of a page nginx shows its own, and the edge what the server says.
    let page = ["content-type: text/html", "a page"].map(|line| format!("- {line}"));
    let servers = ["content-length: 5", "x-mine: 1", "body: error"].map(|line| format!("+ {line}"));
    cases.push((get("/twice/"), page.into_iter().chain(servers).collect()));
    // nginx closes the connection after a 500 whatever takes its place.
    cases.push((get("/status/500"), vec!["- connection: close".to_owned()]));
    cases.push((post("/dead/x"), vec![]));
    compare(&pair, &cases);
}
