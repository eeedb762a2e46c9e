//! Lines of the access log, compared with those of Debian's nginx, and read by goaccess.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::http::Connection;
use crate::logs::{lines, logging};
use crate::nginx::{Nginx, program};
use crate::origin::{Origin, Seen};
use crate::process::{Edge, free_address};

/// Formats whose lines nginx and the edge must write alike. What differs by nature is masked: times,
/// ports, process and connection numbers, and what only the edge sends to the server.
const ALIKE: &[(&str, &str)] = &[
    (
        "default",
        "$remote_addr|$remote_user|$request|$status|$body_bytes_sent|$request_length|\
         $http_referer|$http_user_agent|$http_x_odd|$http_none|$content_type|$content_length",
    ),
    (
        "default",
        "$host|$uri|$request_uri|$document_uri|$args|$is_args|$query_string|$arg_a|$arg_B|$arg_none|\
         $cookie_id|$cookie_none|$scheme|$https|$request_method|$server_protocol",
    ),
    (
        "default",
        "$server_addr|$server_name|$connection_requests|$pipe|$request_completion|$gzip_ratio|\
         $sent_http_content_type|$sent_http_content_length|$sent_http_x_up|$sent_http_none|\
         $upstream_http_x_up|$upstream_http_content_length|$upstream_http_none|$hostname",
    ),
    (
        "default",
        "$status|$upstream_addr|$upstream_status|$upstream_response_length|$upstream_bytes_received",
    ),
    (
        "json",
        "{\"r\":\"$request\",\"x\":\"$http_x_odd\",\"n\":\"$http_none\",\"u\":\"$uri\"}",
    ),
    ("none", "$http_user_agent|$http_none|${status}x"),
];

/// Requests with all that makes lines difficult.
fn difficult() -> Vec<Vec<u8>> {
    let head = |line: &str, more: &[u8]| {
        let mut request = format!("{line}\r\nHost: a.com\r\n").into_bytes();
        request.extend_from_slice(more);
        request.extend_from_slice(b"\r\n");
        request
    };
    let mut body = head(
        "POST /post?x HTTP/1.1",
        b"Content-Type: text/x\r\nContent-Length: 5\r\n",
    );
    body.extend_from_slice(b"hello");
    vec![
        head("GET / HTTP/1.1", b""),
        head(
            "GET /a/../b%20c/%22?a=1%22&b=2&B=3 HTTP/1.1",
            b"User-Agent: \"q\" \\b\r\nReferer:\r\n",
        ),
        head(
            "GET /? HTTP/1.1",
            b"X-Odd: \x80\xff \t\xc3\xa9 ~\r\nUser-Agent: a\r\n",
        ),
        head("GET //x//y HTTP/1.0", b"Cookie: a=1; id=42; b=2\r\n"),
        head(
            "GET /?a=&b HTTP/1.1",
            b"Authorization: Basic dXNlcjpwYXNz\r\n",
        ),
        head(
            "GET / HTTP/1.1",
            b"Authorization: Basic ????\r\nCookie: ID=\"x\"\r\n",
        ),
        body,
        head("HEAD /head HTTP/1.1", b""),
        head("GET /dead HTTP/1.1", b""),
        head("GET /none HTTP/1.1", b"Connection: close\r\n"),
        // Refused: the line is logged all the same.
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"\x16\x03\x01 not http\r\n\r\n".to_vec(),
        head("GET / HTTP/9.9", b""),
        head("GET /a\"b HTTP/1.1", b""),
    ]
}

/// The same requests through nginx and the edge; for each format, the lines of both.
fn lines_of_both(format: &str, escape: &str, requests: &[Vec<u8>]) -> (Vec<String>, Vec<String>) {
    let origin = Origin::start(|request: &Seen, stream| {
        if request.path() == "/none" {
            return stream
                .write_all(b"HTTP/1.1 204 No Content\r\nX-Up: a\r\n\r\n")
                .is_ok();
        }
        let length = if request.head.starts_with("HEAD") {
            0
        } else {
            5
        };
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Up: \"1\"\r\nContent-Length: 5\r\n\r\n{}",
            &"hello"[..length]
        );
        stream.write_all(text.as_bytes()).is_ok()
    });
    let dead = free_address();
    let nginx = Nginx::start(&format!(
        "client_header_timeout 1s; log_format test escape={escape} '{format}';\n\
         upstream web {{ server {dead} max_fails=0; server {} backup; }}\n\
         server {{ listen LISTEN; server_name a.com; access_log access.log test;\n\
         proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         location / {{ proxy_pass http://web; }}\n\
         location /dead {{ proxy_pass http://{dead}; }} }}\n",
        origin.address
    ));
    // `${` alone would be a variable of the environment.
    let format = format.replace("${", "$${");
    let edge = Edge::start(&format!(
        "[server]\nthreads = 1\n[client]\nheader_timeout = \"1s\"\n\
         [upstream.web]\nserver = [{{ address = \"{dead}\", max_fails = 0 }}, \
         {{ address = \"{}\", backup = true }}]\n\
         [upstream.dead]\nserver = [{{ address = \"{dead}\" }}]\n\
         [[site]]\nnames = [\"a.com\"]\n\
         access_log = {{ path = \"access.log\", format = '{format}', escape = \"{escape}\" }}\n\
         [[site.route]]\npath = \"/dead\"\nproxy = {{ to = \"dead\" }}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n",
        origin.address
    ));
    for request in requests {
        for address in [nginx.http, edge.http] {
            let mut connection = Connection::new(address);
            // It may be answered before it has been read.
            drop(connection.stream.write_all(request));
            if request.ends_with(GIVEN_UP) {
                let end = connection.stream.shutdown(std::net::Shutdown::Write);
                end.unwrap();
            }
            let method = if request.starts_with(b"HEAD") {
                "HEAD"
            } else {
                "GET"
            };
            // nginx has no answer for who takes too long.
            drop(connection.reply_to(method));
        }
    }
    edge.eventually("nginx has logged", || {
        nginx.read("access.log").lines().count() == requests.len()
    });
    let theirs = nginx
        .read("access.log")
        .lines()
        .map(str::to_owned)
        .collect();
    edge.eventually("the edge has logged", || {
        read_lossy(&edge, "access.log").lines().count() == requests.len()
    });
    let ours = read_lossy(&edge, "access.log")
        .lines()
        .map(str::to_owned)
        .collect();
    (theirs, ours)
}

fn read_lossy(edge: &Edge, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(edge.path(name)).unwrap_or_default()).into_owned()
}

/// Fields in which the edge differs on purpose: its own pages are not as long as nginx's, of a head
/// that is refused it keeps the request line only, and a protocol that is not there is not empty.
fn may_differ(format: &str, field: usize, theirs: &str) -> bool {
    let name = format.split('|').nth(field).unwrap_or_default();
    let length = "$body_bytes_sent $request_length $sent_http_content_length";
    let own_page = theirs.contains("|502|")
        || theirs.contains("|400|")
        || theirs.contains("|505|")
        || theirs.contains("|text/html|");
    (own_page && length.contains(name)) || (name == "$server_protocol" && theirs.ends_with('|'))
}

#[test]
fn e1_lines_are_nginx_s_field_by_field() {
    let mut differences = Vec::new();
    for (escape, format) in ALIKE {
        let (theirs, ours) = lines_of_both(format, escape, &difficult());
        for (theirs, ours) in theirs.iter().zip(&ours) {
            let fields = theirs.split('|').zip(ours.split('|'));
            let alike = fields
                .enumerate()
                .all(|(field, (their, our))| their == our || may_differ(format, field, theirs));
            if !alike || theirs.split('|').count() != ours.split('|').count() {
                differences.push(format!("{format}\nnginx: {theirs}\nedge:  {ours}\n"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How a head ends whose client leaves in the middle of it.
const GIVEN_UP: &[u8] = b"Given-Up: x";

/// Of a head that is never complete there is the line, or as much of it as there is.
#[test]
fn e1_heads_that_are_refused_half_way() {
    let long = "a".repeat(9_000);
    let requests = [
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /{long}"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", long.repeat(5)),
        "GET / HTTP/1.1\r\nHost: a\r\nX".to_owned(),
        "GET /slow-li".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nGiven-Up: x".to_owned(),
        "GET / Given-Up: x".to_owned(),
    ];
    let requests = requests.map(String::into_bytes);
    let (theirs, ours) = lines_of_both("$status|$request", "default", &requests);
    // A head over the limit has a status of its own.
    assert!(ours[2].starts_with("431|") && theirs[2].starts_with("400|"));
    let ours = ours.iter().map(|line| line.replacen("431|", "400|", 1));
    assert_eq!(ours.collect::<Vec<_>>(), theirs);
}

#[test]
fn e1_goaccess_reads_every_line_of_combined() {
    let origin = Origin::saying("x");
    let edge = logging(&origin, "combined");
    let requests = difficult();
    for request in &requests {
        let method = if request.starts_with(b"HEAD") {
            "HEAD"
        } else {
            "GET"
        };
        let reply = Connection::new(edge.http).send(request).reply_to(method);
        assert!(reply.is_ok(), "{request:?}");
    }
    // What a scanner sends and no log analyser takes for a request is left out, as it is for nginx.
    let readable = |line: &&String| line.contains("HTTP/1.") && !line.contains("a\\x22b");
    let lines = lines(&edge, "access.log", requests.len());
    let readable: Vec<_> = lines.iter().filter(readable).cloned().collect();
    assert!(readable.len() >= requests.len() - 3);
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("access.log");
    fs::write(&input, readable.join("\n") + "\n").unwrap();
    let report = dir.path().join("report.json");
    let status = Command::new(program("goaccess"))
        .arg(&input)
        .args([
            "--no-global-config",
            "--log-format=COMBINED",
            "--no-progress",
            "-o",
        ])
        .arg(&report)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["general"]["failed_requests"], 0, "{readable:#?}");
    assert_eq!(report["general"]["valid_requests"], readable.len());
}
