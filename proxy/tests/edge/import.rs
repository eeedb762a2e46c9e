//! `hifate-edge import nginx`, as an operator runs it.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::http::request;
use crate::origin::Origin;
use crate::process::{Edge, command, free_address};

fn import(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = command();
    command.current_dir(directory).args(["import", "nginx"]);
    command.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const GOOD: &str = "events {}\nhttp {\n  include sites/*.conf;\n}\n";
const SITE: &str =
    "server {\n  listen 80;\n  location / {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n";

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sites")).unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

#[test]
fn what_is_printed_is_accepted_and_the_rest_is_told() {
    let dir = directory(&[
        ("nginx.conf", GOOD),
        ("sites/a.conf", SITE),
        ("sites/.hidden.conf", "nonsense"),
    ]);
    let outcome = import(dir.path(), &["nginx.conf", "-o", "edge.toml"]);
    let said = text(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(0), "{said}");
    assert_eq!(text(&outcome.stdout), "");
    assert!(said.contains("sites/a.conf:3: location / {"), "{said}");
    let written = fs::read_to_string(dir.path().join("edge.toml")).unwrap();
    assert!(
        written.contains("# sites/a.conf:3\n[[site.route]]"),
        "{written}"
    );
    let check = command()
        .args(["check", "--config"])
        .arg(dir.path().join("edge.toml"))
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    // What is there already may be in use.
    let again = import(dir.path(), &["nginx.conf", "-o", "edge.toml"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again.stderr).contains("exists"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn the_exit_code_says_whether_something_is_lost() {
    let lossy = SITE.replace("proxy_pass", "limit_rate 1k;\n    proxy_pass");
    let dir = directory(&[("nginx.conf", GOOD), ("sites/a.conf", &lossy)]);
    let outcome = import(dir.path(), &["nginx.conf"]);
    let said = text(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(1), "{said}");
    assert!(said.starts_with("Lost: "), "{said}");
    assert!(
        said.contains("sites/a.conf:4: limit_rate 1k\n      answers are not slowed down\n"),
        "{said}"
    );
    assert!(
        said.ends_with("hifate-edge: 1 thing is not taken over\n"),
        "{said}"
    );
    let printed = text(&outcome.stdout);
    assert!(
        printed.contains("# nginx: limit_rate 1k (a.conf:4): answers are not slowed down"),
        "{printed}"
    );
    let json = import(dir.path(), &["nginx.conf", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        json["config"].as_str().unwrap().trim_end(),
        printed.trim_end()
    );
    let first = &json["notes"][0];
    assert_eq!(
        (&first["severity"], &first["line"]),
        (&"lost".into(), &4.into())
    );
    assert_eq!(import(dir.path(), &["--nonsense"]).status.code(), Some(2));
}

#[test]
fn what_nginx_would_not_take_is_shown() {
    let dir = directory(&[
        ("nginx.conf", GOOD),
        ("sites/a.conf", &SITE.replace("3000;", "3000")),
    ]);
    let outcome = import(dir.path(), &["nginx.conf"]);
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(text(&outcome.stdout), "");
    let said = text(&outcome.stderr);
    assert!(
        said.contains("`proxy_pass` has no `;` at its end"),
        "{said}"
    );
    assert!(said.contains("sites/a.conf:4:5"), "{said}");
    let missing = import(dir.path(), &["none.conf"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stderr).contains("cannot be read"),
        "{}",
        text(&missing.stderr)
    );
}

#[test]
fn requests_go_where_a_map_sends_them() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let nginx = format!(
        "map $http_x_pool $pool {{ default one; beta {}; }}\n\
         upstream one {{ server {}; }}\n\
         server {{ listen {}; location / {{ proxy_pass http://$pool; proxy_set_header Host $host; }}\n\
         if ($http_user_agent ~* bot) {{ return 403; }}\n\
         location = /exact {{ return 200 exact; }} }}",
        two.address,
        one.address,
        free_address()
    );
    let dir = directory(&[("site.conf", &nginx)]);
    let outcome = import(dir.path(), &["site.conf"]);
    assert_eq!(outcome.status.code(), Some(0), "{}", text(&outcome.stderr));
    let edge = Edge::start(&text(&outcome.stdout));
    let ask = |path: &str, more: &str| {
        let reply = request(
            edge.http,
            &format!("GET {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n"),
        );
        (reply.status, reply.text().to_owned())
    };
    assert_eq!(ask("/", ""), (200, "one".to_owned()));
    assert_eq!(ask("/", "X-Pool: beta\r\n"), (200, "two".to_owned()));
    assert_eq!(ask("/exact", ""), (200, "exact".to_owned()));
    for path in ["/", "/exact"] {
        assert_eq!(ask(path, "User-Agent: A Bot\r\n").0, 403, "{path}");
    }
}
