//! Files: which one, how much of it, and what is said about it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Case, Pair};

/// The time of every file: 15 June 1990.
fn time() -> SystemTime {
    UNIX_EPOCH + Duration::from_mins(10_757_550)
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time())
        .unwrap();
}

struct Files {
    pair: Pair,
    _root: tempfile::TempDir,
}

fn files() -> Files {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for (name, content) in [
        ("index.html", "<h1>home</h1>"),
        ("style.css", "0123456789abcdefghijklmnopqrstuvwxyz"),
        ("a b.txt", "blank"),
        ("docs/index.html", "docs"),
        ("empty/.keep", ""),
        ("app.js", "plain"),
        ("app.js.gz", "not really gzip"),
        ("zero.txt", ""),
        ("secret/.git", "x"),
    ] {
        write(root, name, content);
    }
    let root = root.to_str().unwrap();
    let nginx = format!(
        "types {{ text/html html; text/css css; text/javascript js; text/plain txt; }}
         server {{ listen LISTEN; root {root};
         location / {{ }}
         location /spa/ {{ try_files $uri $uri/ /index.html; }}
         location /tried/ {{ try_files /docs/$arg_f /style.css =404; }}
         location /none/ {{ try_files $uri =410; }}
         location /named/ {{ try_files $uri @named; }}
         location @named {{ return 200 \"named $uri\"; }}
         location /alias/ {{ alias {root}/docs/; }}
         location = /one {{ alias {root}/style.css; }}
         location /gz/ {{ alias {root}/; gzip_static on; }}
         location /old/ {{ alias {root}/; expires 30d; add_header Cache-Control public; }}
         location /max/ {{ alias {root}/; expires max; }}
         location /epoch/ {{ alias {root}/; expires epoch; }} }}"
    );
    let route = |path: &str, rest: &str| format!("[[site.route]]\npath = {path}\n{rest}\n");
    let alias = |rest: &str| format!("files = {{ alias = '{root}/'{rest} }}");
    let edge = [
        route("'/'", &format!("files = {{ root = '{root}' }}")),
        route(
            "'/spa/'",
            &format!("files = {{ root = '{root}', try = ['$uri', '$uri/', '/index.html'] }}"),
        ),
        route(
            "'/tried/'",
            &format!("files = {{ root = '{root}', try = ['/docs/$arg_f', '/style.css', '=404'] }}"),
        ),
        route(
            "'/none/'",
            &format!("files = {{ root = '{root}', try = ['$uri', '=410'] }}"),
        ),
        route(
            "'/named/'",
            &format!("files = {{ root = '{root}', try = ['$uri', '@named'] }}"),
        ),
        route(
            "'@named'",
            "respond = { status = 200, text = 'named $uri' }",
        ),
        route(
            "'/alias/'",
            &format!("files = {{ alias = '{root}/docs/' }}"),
        ),
        route(
            "{ exact = '/one' }",
            &format!("files = {{ alias = '{root}/style.css' }}"),
        ),
        route("'/gz/'", &alias(", precompressed = true")),
        route(
            "'/old/'",
            &format!(
                "expires = '30d'\nresponse_headers.add = {{ Cache-Control = 'public' }}\n{}",
                alias("")
            ),
        ),
        route("'/max/'", &format!("expires = 'max'\n{}", alias(""))),
        route("'/epoch/'", &format!("expires = 'epoch'\n{}", alias(""))),
    ];
    Files {
        pair: Pair::start(Vec::new(), &nginx, &format!("[[site]]\n{}", edge.concat())),
        _root: dir,
    }
}

fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

#[test]
fn which_file() {
    let files = files();
    let location = |to: &str| {
        vec![
            format!("- location: http://a:PORT{to}"),
            format!("+ location: {to}"),
        ]
    };
    let cases: Vec<(String, Vec<String>)> = vec![
        (get("/", ""), vec![]),
        (get("/index.html", ""), vec![]),
        (get("/style.css?v=1", ""), vec![]),
        (get("/a%20b.txt", ""), vec![]),
        (get("/zero.txt", ""), vec![]),
        (get("/nothing", ""), vec![]),
        (get("/style.css/", ""), vec![]),
        (get("/docs/", ""), vec![]),
        (get("/docs?a=b", ""), location("/docs/?a=b")),
        (get("/empty/", ""), vec![]),
        (get("/spa/deep/link", ""), vec![]),
        (get("/tried/x?f=index.html", ""), vec![]),
        (get("/tried/x?f=..%2f", ""), vec![]),
        (get("/none/x", ""), vec![]),
        (get("/named/x?y", ""), vec![]),
        (get("/alias/", ""), vec![]),
        (get("/alias/index.html", ""), vec![]),
        (get("/alias/../style.css", ""), vec![]),
        // nginx goes by the path, which is not that of the file.
        (
            get("/one", ""),
            vec![
                "- content-type: text/plain".to_owned(),
                "+ content-type: text/css".to_owned(),
            ],
        ),
        (get("/%2e%2e/etc/passwd", ""), vec![]),
        (get(&format!("/{}", "x".repeat(300)), ""), vec![]),
        (
            "HEAD /style.css HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            vec![],
        ),
        (
            "POST /style.css HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            // RFC 9110 §15.5.6.
            vec!["+ allow: GET, HEAD".to_owned()],
        ),
    ];
    for (request, unlike) in &cases {
        let unlike: Vec<&str> = unlike.iter().map(String::as_str).collect();
        files.pair.compare(&[(request, &unlike)]);
    }
}

#[test]
fn conditions_ranges_and_expiry() {
    let files = files();
    let tag = "\"2678d4c8-24\"";
    let date = "Fri, 15 Jun 1990 12:30:00 GMT";
    let lines = [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-None-Match: \"x\", W/{tag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        format!("If-Modified-Since: {date}\r\n"),
        "If-Match: \"x\"\r\n".to_owned(),
        format!("If-Match: {tag}\r\n"),
        "If-Unmodified-Since: Fri, 15 Jun 1990 12:29:59 GMT\r\n".to_owned(),
        "Range: bytes=0-9\r\n".to_owned(),
        "Range: bytes=30-\r\n".to_owned(),
        "Range: bytes=-6\r\n".to_owned(),
        "Range: bytes=-600\r\n".to_owned(),
        "Range: bytes=36-\r\n".to_owned(),
        format!("Range: bytes=0-9\r\nIf-Range: {tag}\r\n"),
        "Range: bytes=0-9\r\nIf-Range: \"x\"\r\n".to_owned(),
        format!("Range: bytes=0-9\r\nIf-Range: {date}\r\n"),
    ];
    let mut requests: Vec<String> = lines.iter().map(|lines| get("/style.css", lines)).collect();
    requests.push(get("/max/style.css", ""));
    requests.push(get("/epoch/style.css", ""));
    requests.push(get("/max/nothing", ""));
    let cases: Vec<Case<'_>> = requests.iter().map(|one| (one.as_str(), &[][..])).collect();
    files.pair.compare(&cases);
    // nginx says so only with gzip_vary, though others may keep the answer.
    let plain = get("/gz/app.js", "");
    files
        .pair
        .compare(&[(&plain, &["+ vary: Accept-Encoding"])]);
}
