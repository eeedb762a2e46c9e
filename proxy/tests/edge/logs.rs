//! Access logs: what is written, when, and where to.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::http::{Connection, request};
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

pub(crate) fn logging(origin: &Origin, format: &str) -> Edge {
    let site = format!(
        "[[site]]\nnames = [\"a.com\"]\naccess_log = {{ path = \"access.log\", format = '{format}' }}\n\
         [[site.route]]\npath = \"/health\"\naccess_log = false\nproxy = {{ to = \"web\" }}\n"
    );
    let config = proxy_to(&[server(origin.address, "")]).replace("[[site]]\n", &site);
    // One worker, so that lines stand in the order of the requests.
    Edge::start(&format!("[server]\nthreads = 1\n{config}"))
}

/// The log's lines once there are `count`.
pub(crate) fn lines(edge: &Edge, name: &str, count: usize) -> Vec<String> {
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
    let mut edge = Edge::start(&format!("[client]\nkeepalive_requests = 10000\n{config}"));
    let mut client = Connection::new(edge.http);
    let long = "/".repeat(8000);
    let request = format!("GET {long} HTTP/1.1\r\nHost: a\r\n\r\n");
    // A pipe holds 64 KiB and the edge some 20 MB; this is more.
    for _ in 0..4000 {
        client.send(&request);
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
