//! What an independent judge of HTTP says of answers: redbot asks for each resource again with
//! conditions, ranges and codings, and compares.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::origin::Origin;
use crate::process::Edge;

/// The notes on a URL that are warnings or worse.
fn faults(url: &str) -> Vec<String> {
    let python = std::env::var_os("HIFATE_PYTHON").map(PathBuf::from);
    let beside = python.as_deref().and_then(|python| python.parent());
    let program = beside.map_or_else(|| "redbot".into(), |bin| bin.join("redbot"));
    let said = Command::new(program).args(["-o", "har", url]).output();
    let said = said.expect("redbot is not installed; `make setup` does it");
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let notes = &said["log"]["entries"][0]["_red_messages"];
    let notes = notes.as_array().unwrap();
    assert!(notes.len() > 3, "{notes:?}");
    let is_fault =
        |note: &&serde_json::Value| !matches!(note["level"].as_str(), Some("GOOD" | "INFO"));
    let faults = notes.iter().filter(is_fault);
    faults.map(|note| format!("{url}: {note}")).collect()
}

#[test]
fn redbot_finds_no_fault() {
    let text = "many words, which compress well. ".repeat(500);
    let root = tempfile::tempdir().unwrap();
    for name in ["a.css", "b.css", "b.css.gz", "page.html"] {
        fs::write(root.path().join(name), &text).unwrap();
    }
    let gzip = Command::new("gzip")
        .arg("-kf")
        .arg(root.path().join("b.css"))
        .status();
    assert!(gzip.unwrap().success());
    let body = text;
    let app = Origin::start(move |request, stream| {
        let known = request.head.contains("If-None-Match: \"v1\"")
            || request.head.contains("If-None-Match: W/\"v1\"");
        let common = "ETag: \"v1\"\r\nCache-Control: max-age=60";
        let answer = if known {
            format!("HTTP/1.1 304 Not Modified\r\n{common}\r\n\r\n")
        } else {
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: {length}\r\n\
                 {common}\r\n\r\n{body}"
            )
        };
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let edge = Edge::start(&format!(
        "[upstream.app]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\ncompress = {{ types = [\"text/css\", \"text/html\"] }}\n\
         [[site.route]]\npath = \"/\"\nexpires = \"epoch\"\nfiles = {{ root = \"{root}\" }}\n\
         [[site.route]]\npath = \"/before/\"\nexpires = \"30d\"\n\
         files = {{ alias = \"{root}/\", precompressed = true }}\n\
         [[site.route]]\npath = \"/app/\"\nproxy = {{ to = \"app\" }}\n",
        app.address,
        root = root.path().display()
    ));
    let paths = ["/a.css", "/page.html", "/before/b.css", "/app/style.css"];
    let faults = paths.map(|path| faults(&format!("http://{}{path}", edge.http)));
    assert_eq!(faults.concat(), Vec::<String>::new());
}
