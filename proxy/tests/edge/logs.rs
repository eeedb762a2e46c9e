//! Access logs and metrics.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::http::{Connection, get, request};
use crate::nginx::{Nginx, program};
use crate::origin::{Origin, Seen};
use crate::process::{Edge, free_address, proxy_to, server};

fn logging(origin: &Origin, format: &str) -> Edge {
    let site = format!(
        "[[site]]\nnames = [\"a.com\"]\naccess_log = {{ path = \"access.log\", format = '{format}' }}\n\
         [[site.route]]\npath = \"/health\"\naccess_log = false\nproxy = {{ to = \"web\" }}\n"
    );
    let config = proxy_to(&[server(origin.address, "")]).replace("[[site]]\n", &site);
    // One worker, so that lines stand in the order of the requests.
    Edge::start(&format!("[server]\nthreads = 1\n{config}"))
}

/// The log's lines once there are `count`.
fn lines(edge: &Edge, name: &str, count: usize) -> Vec<String> {
    let read = || fs::read_to_string(edge.path(name)).unwrap_or_default();
    edge.eventually("the log is written", || read().lines().count() >= count);
    read().lines().map(str::to_owned).collect()
}

#[test]
fn e1_combined_is_nginx_s_and_routes_can_be_silent() {
    let origin = Origin::saying("12345");
    let edge = logging(&origin, "combined");
    edge.get("/health");
    request(
        edge.http,
        "GET /a?b=\"c\" HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test/1\r\nReferer: r\r\n\r\n",
    );
    let lines = lines(&edge, "access.log", 1);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (start, rest) = lines[0].split_once(" [").unwrap();
    let (time, rest) = rest.split_once("] ").unwrap();
    assert_eq!(start, "127.0.0.1 - -");
    assert_eq!(time.len(), "15/Jun/1990:12:30:00 +0000".len());
    assert_eq!(
        rest,
        "\"GET /a?b=\\x22c\\x22 HTTP/1.1\" 200 5 \"r\" \"test/1\""
    );
}

#[test]
fn json_lines_tell_who_answered_and_why_nobody_did() {
    let origin = Origin::saying("x");
    let edge = logging(&origin, "json");
    edge.get("/1");
    let address = origin.address.to_string();
    origin.stop();
    edge.get("/2");
    let lines = lines(&edge, "access.log", 2);
    let entries: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries[0]["status"], 200);
    assert_eq!(entries[0]["upstream_addr"], address);
    assert_eq!(entries[0]["reason"], "");
    assert_eq!(entries[1]["status"], 502);
    assert_eq!(entries[1]["upstream_status"], "502");
    assert_eq!(entries[1]["reason"], "connect_refused");
}

#[test]
fn a_retry_shows_both_servers() {
    let origin = Origin::saying("x");
    let dead = free_address();
    let config = proxy_to(&[server(dead, ""), server(origin.address, ", backup = true")]).replace(
        "[[site]]\n",
        "[[site]]\naccess_log = { path = \"access.log\", format = '$status $upstream_addr $upstream_status' }\n",
    );
    let edge = Edge::start(&config);
    edge.get("/");
    let expected = format!("200 {dead}, {} 502, 200", origin.address);
    assert_eq!(lines(&edge, "access.log", 1), [expected]);
}

#[test]
fn usr1_opens_the_log_again_after_rotation() {
    let origin = Origin::saying("x");
    let edge = logging(&origin, "$request_uri");
    edge.get("/before");
    lines(&edge, "access.log", 1);
    fs::rename(edge.path("access.log"), edge.path("access.log.1")).unwrap();
    edge.signal("USR1");
    edge.eventually("the file is there again", || {
        edge.path("access.log").exists()
    });
    edge.get("/after");
    assert_eq!(lines(&edge, "access.log", 1), ["/after"]);
    assert_eq!(lines(&edge, "access.log.1", 1), ["/before"]);
}

#[test]
fn what_was_answered_is_logged_even_if_the_edge_is_stopped_at_once() {
    let origin = Origin::saying("x");
    for signal in ["TERM", "QUIT"] {
        let mut edge = logging(&origin, "$request_uri");
        edge.get("/last");
        edge.signal(signal);
        assert_eq!(edge.wait(Duration::from_secs(5)), Some(0));
        let log = fs::read_to_string(edge.path("access.log")).unwrap();
        assert_eq!(log, "/last\n", "{signal}");
    }
}

/// A pipe that nobody reads is the slowest log device there is.
#[test]
fn a_stuck_log_delays_no_request_and_its_lost_lines_are_counted() {
    let origin = Origin::saying("x");
    let pipe = tempfile::tempdir().unwrap();
    let path = pipe.path().join("pipe");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let log = format!(
        "[[site]]\naccess_log = {{ path = \"{}\", format = '$request_uri' }}\n",
        path.display()
    );
    let config = proxy_to(&[server(origin.address, "")]).replace("[[site]]\n", &log);
    let mut edge = Edge::start(&config);
    let mut client = Connection::new(edge.http);
    let long = "/".repeat(8000);
    let request = format!("GET {long} HTTP/1.1\r\nHost: a\r\n\r\n");
    // A pipe holds 64 KiB and the edge some 20 MB; this is more.
    for _ in 0..4000 {
        // nginx's keepalive_requests and ours may end a connection.
        if client.stream.write_all(request.as_bytes()).is_err() {
            client = Connection::new(edge.http);
            client.send(&request);
        }
        assert_eq!(client.reply().unwrap().status, 200);
    }
    edge.eventually("lost lines are counted", || {
        edge.metric("edge_access_log_lost_total", &[]) > 0
    });
    assert!(edge.log().contains("lines are lost"), "{}", edge.log());
    edge.signal("TERM");
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
}

/// Enough lines to fill many buffers, from two workers; each line arrives whole and once.
#[test]
fn every_line_is_written_once_and_whole() {
    let origin = Origin::saying("x");
    let log = "[[site]]\naccess_log = { path = \"access.log\", format = '$request_uri' }\n";
    let config = proxy_to(&[server(origin.address, "")]).replace("[[site]]\n", log);
    let mut edge = Edge::start(&config);
    let filler = "a".repeat(1000);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (edge, filler) = (&edge, &filler);
            scope.spawn(move || {
                let mut connection = Connection::new(edge.http);
                for number in 0..100 {
                    let path = format!("/{client}/{number}/{filler}");
                    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
                    connection.send(request).reply().unwrap();
                }
            });
        }
    });
    edge.signal("QUIT");
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    let log = fs::read_to_string(edge.path("access.log")).unwrap();
    let mut lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 400);
    assert!(lines.iter().all(|line| line.ends_with(&filler)));
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 400);
}

#[test]
fn refused_requests_are_logged_too() {
    let origin = Origin::saying("x");
    let edge = logging(&origin, "$status $reason");
    request(edge.http, "GET / HTTP/1.1\r\n\r\n");
    request(edge.http, "GET /%00 HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let expected = ["400 host_missing", "400 zero_byte_in_path"];
    assert_eq!(lines(&edge, "access.log", 2), expected);
}

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
fn lines_of_both(format: &str, escape: &str) -> (Vec<String>, Vec<String>) {
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
        "log_format test escape={escape} '{format}';\n\
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
        "[server]\nthreads = 1\n\
         [upstream.web]\nserver = [{{ address = \"{dead}\", max_fails = 0 }}, \
         {{ address = \"{}\", backup = true }}]\n\
         [upstream.dead]\nserver = [{{ address = \"{dead}\" }}]\n\
         [[site]]\nnames = [\"a.com\"]\n\
         access_log = {{ path = \"access.log\", format = '{format}', escape = \"{escape}\" }}\n\
         [[site.route]]\npath = \"/dead\"\nproxy = {{ to = \"dead\" }}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n",
        origin.address
    ));
    let requests = difficult();
    for request in &requests {
        for address in [nginx.http, edge.http] {
            let mut connection = Connection::new(address);
            connection.send(request);
            let method = if request.starts_with(b"HEAD") {
                "HEAD"
            } else {
                "GET"
            };
            connection.reply_to(method).unwrap();
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
        let (theirs, ours) = lines_of_both(format, escape);
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

#[test]
fn e1_conditions_and_escapes_of_the_configuration() {
    let origin = Origin::saying("x");
    let site = "[[site]]\naccess_log = { path = \"access.log\", format = '$uri $trace_id', \
                if = \"$arg_log\" }\n";
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]).replace("[[site]]\n", site));
    for path in ["/a", "/b?log=0", "/c?log=", "/d?log=1"] {
        edge.get(path);
    }
    let lines = lines(&edge, "access.log", 1);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (uri, trace) = lines[0].split_once(' ').unwrap();
    assert_eq!((uri, trace.len()), ("/d", 32));
}

/// The contract's names, and nothing a client sends becomes a label.
#[test]
fn metrics_are_complete_and_bounded() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    for method in ["GET", "BREW", "PROPFIND", "X-ANY"] {
        request(
            edge.http,
            &format!("{method} /some/path HTTP/1.1\r\nHost: evil\r\n\r\n"),
        );
    }
    // A request is counted when its last byte is out, which the client may see first.
    edge.eventually("all are counted", || {
        edge.metric("edge_requests_total", &["code=\"200\""]) == 4
    });
    let metrics = edge.metrics();
    for name in [
        "edge_requests_total",
        "edge_request_duration_seconds_bucket",
        "edge_request_size_bytes_sum",
        "edge_response_size_bytes_sum",
        "edge_connections",
        "edge_upstream_requests_total",
        "edge_upstream_response_seconds_count",
        "edge_upstream_up",
        "edge_upstream_active",
        "edge_config_generation",
        "edge_config_last_reload_timestamp_seconds",
        "process_resident_memory_bytes",
    ] {
        let sample =
            |line: &str| line.starts_with(name) && line[name.len()..].starts_with(['{', ' ']);
        assert!(metrics.lines().any(sample), "{name} is missing\n{metrics}");
    }
    assert_eq!(
        edge.metric("edge_requests_total", &["method=\"OTHER\"", "code=\"200\""]),
        3
    );
    assert!(
        !metrics.contains("evil") && !metrics.contains("some/path") && !metrics.contains("BREW")
    );
    assert_eq!(get(edge.admin, "/ready").text(), "ready\n");
}
