//! Files in what nginx has no equal for, or not by default.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::http::{Connection, get, request};
use crate::process::Edge;

fn edge(root: &std::path::Path, rest: &str) -> Edge {
    Edge::start(&format!(
        "[[site]]\n{rest}\n[[site.route]]\npath = \"/\"\n\
         files = {{ root = \"{}\", precompressed = true }}\n",
        root.display()
    ))
}

#[test]
fn compressed_on_the_way_and_before() {
    let root = tempfile::tempdir().unwrap();
    let text = "many words ".repeat(1000);
    fs::write(root.path().join("a.css"), &text).unwrap();
    fs::write(root.path().join("b.css"), &text).unwrap();
    fs::write(root.path().join("b.css.br"), "small").unwrap();
    let edge = edge(root.path(), "compress = { types = [\"text/css\"] }");
    let ask = |method: &str, path: &str, lines: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br;q=0.9\r\n{lines}\r\n"
        );
        let mut client = Connection::new(edge.http);
        client.send(head);
        client.reply_to(method).unwrap()
    };
    let whole = ask("GET", "/a.css", "");
    assert_eq!(whole.header("content-encoding"), Some("gzip"));
    assert_eq!(whole.header("vary"), Some("Accept-Encoding"));
    let tag = whole.header("etag").unwrap();
    assert!(tag.starts_with("W/"), "{tag}");
    // What is said to HEAD is what is said to GET.
    let head = ask("HEAD", "/a.css", "");
    for name in [
        "content-encoding",
        "vary",
        "etag",
        "content-type",
        "last-modified",
    ] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    assert_eq!(head.header("content-length"), None);
    let known = ask("GET", "/a.css", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((known.status, known.header("etag")), (304, Some(tag)));
    assert_eq!(known.header("vary"), Some("Accept-Encoding"));
    // A range is of the file itself.
    let part = ask("GET", "/a.css", "Range: bytes=0-3\r\n");
    assert_eq!((part.status, part.body.as_slice()), (206, &b"many"[..]));
    assert_eq!(part.header("content-encoding"), None);
    // One that is compressed already is sent to who takes it.
    let before = ask("GET", "/b.css", "");
    assert_eq!(before.header("content-encoding"), Some("br"));
    assert_eq!(before.body, b"small");
    assert_eq!(get(edge.http, "/b.css").body, text.as_bytes());
}

#[test]
fn several_ranges_and_large_files() {
    let root = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..1_000_000u32)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    fs::write(root.path().join("large.bin"), &large).unwrap();
    let edge = edge(root.path(), "");
    assert_eq!(get(edge.http, "/large.bin").body, large);
    let head = "GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=10-12,999998-\r\n\r\n";
    let parts = request(edge.http, head);
    assert_eq!(parts.status, 206);
    let kind = parts.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let mut expected = Vec::new();
    for (range, from) in [("10-12", 10), ("999998-999999", 999_998)] {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\
             Content-Range: bytes {range}/1000000\r\n\r\n"
        );
        expected.extend_from_slice(head.as_bytes());
        let to = if from == 10 { 13 } else { 1_000_000 };
        expected.extend_from_slice(&large[from..to]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(parts.body, expected);
}

#[test]
fn what_is_no_file_is_not_sent() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path();
    fs::write(path.join("mine"), "x").unwrap();
    fs::create_dir(path.join("dir")).unwrap();
    std::os::unix::fs::symlink("loop", path.join("loop")).unwrap();
    nix_pipe(&path.join("pipe"));
    fs::write(path.join("closed"), "x").unwrap();
    fs::set_permissions(path.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let edge = edge(path, "");
    for (target, status) in [
        ("/mine", 200),
        ("/dir/", 403),
        ("/loop", 404),
        ("/pipe", 404),
        ("/mine/x", 404),
        ("/%2e%2e/mine", 400),
        ("/mine%00", 400),
    ] {
        assert_eq!(get(edge.http, target).status, status, "{target}");
    }
    edge.counts("edge_failures_total", &["file_forbidden"], 1);
    edge.counts("edge_failures_total", &["no_file"], 3);
}

/// A named pipe, which nobody writes to.
fn nix_pipe(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}
