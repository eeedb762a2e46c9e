//! Which server answers, and what happens when one does not.

use std::io::Write as _;
use std::time::Duration;

use crate::http::{Connection, request};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

const POST: &str = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx";

/// The seed's pair: weight 2, and weight 1 as backup.
fn pair(primary: &Origin, backup: &Origin) -> String {
    proxy_to(&[
        server(
            primary.address,
            ", weight = 2, max_fails = 3, fail_timeout = \"30s\"",
        ),
        server(
            backup.address,
            ", weight = 1, max_fails = 3, fail_timeout = \"30s\", backup = true",
        ),
    ])
}

#[test]
fn u2_weights_are_shares() {
    let (heavy, light) = (Origin::saying("heavy"), Origin::saying("light"));
    let servers = [
        server(heavy.address, ", weight = 3"),
        server(light.address, ""),
    ];
    let edge = Edge::start(&proxy_to(&servers));
    let answers: Vec<String> = (0..8).map(|_| edge.get("/").text().to_owned()).collect();
    assert_eq!(
        answers.iter().filter(|answer| *answer == "heavy").count(),
        6,
        "{answers:?}"
    );
}

#[test]
fn u5_the_backup_answers_when_the_primary_is_gone() {
    let (primary, backup) = (Origin::saying("primary"), Origin::saying("backup"));
    let edge = Edge::start(&pair(&primary, &backup));
    assert_eq!(edge.get("/").text(), "primary");
    primary.stop();
    for _ in 0..5 {
        assert_eq!(edge.get("/").text(), "backup");
    }
    edge.counts(
        "edge_upstream_retries_total",
        &["reason=\"connect_refused\""],
        3,
    );
    edge.eventually("the ejection shows", || {
        edge.metric("edge_upstream_up", &["upstream=\"web\""]) == 1
    });
    assert!(
        edge.log()
            .contains("the server refuses connections: it is not running")
    );
}

#[test]
fn u4_a_single_server_is_always_asked() {
    let address = free_address();
    let edge = Edge::start(&proxy_to(&[server(address, ", max_fails = 1")]));
    for _ in 0..5 {
        assert_eq!(edge.get("/").status, 502);
    }
    let _origin = Origin::start_at(address, |_, stream| answer(stream, "back"));
    assert_eq!(edge.get("/").text(), "back");
}

/// nginx answers "no live upstreams" from memory for up to `fail_timeout` (U7); the edge asks.
#[test]
fn u7_when_all_were_out_the_first_to_come_back_answers() {
    let (one, two) = (free_address(), free_address());
    let servers = [
        server(one, ", max_fails = 1, fail_timeout = \"60s\""),
        server(
            two,
            ", max_fails = 1, fail_timeout = \"60s\", backup = true",
        ),
    ];
    let edge = Edge::start(&proxy_to(&servers));
    assert_eq!(edge.get("/").status, 502);
    assert_eq!(edge.get("/").status, 502);
    let _origin = Origin::start_at(two, |_, stream| answer(stream, "back"));
    assert_eq!(edge.get("/").text(), "back");
}

#[test]
fn r1_a_get_is_repeated_and_a_post_is_not() {
    let closing = Origin::start(|_, _| false);
    let good = Origin::saying("good");
    let servers = [
        server(closing.address, ", max_fails = 0"),
        server(good.address, ", max_fails = 0, backup = true"),
    ];
    let edge = Edge::start(&proxy_to(&servers));
    assert_eq!(edge.get("/").text(), "good");
    let reply = request(edge.http, POST);
    assert_eq!(reply.status, 502);
    assert_eq!(good.seen().len(), 1, "the POST may have been carried out");
    // A failure is counted when its answer is out, which the client may see first.
    edge.eventually("the failure is counted", || {
        edge.metric("edge_failures_total", &["reason=\"closed_early\""]) == 1
    });
}

#[test]
fn r1_a_post_that_was_never_sent_goes_to_the_next_server() {
    let good = Origin::saying("good");
    let servers = [
        server(free_address(), ""),
        server(good.address, ", backup = true"),
    ];
    let edge = Edge::start(&proxy_to(&servers));
    assert_eq!(request(edge.http, POST).text(), "good");
    assert_eq!(good.seen()[0].body, b"x");
}

#[test]
fn r4_a_server_that_does_not_answer_is_504_and_a_broken_answer_502() {
    let silent = Origin::start(|request, stream| {
        if request.path() == "/broken" {
            return stream.write_all(b"SMTP ready\r\n\r\n").is_ok();
        }
        std::thread::sleep(Duration::from_secs(3));
        false
    });
    let edge = Edge::start(&format!(
        "[upstream.web]\nserver = [{{ {} }}]\n[[site]]\n[[site.route]]\npath = \"/\"\n\
         proxy = {{ to = \"web\", read_timeout = \"200ms\" }}\n",
        server(silent.address, "")
    ));
    let slow = edge.get("/slow");
    assert_eq!(slow.status, 504);
    assert!(
        slow.text().contains("the server did not answer in time"),
        "{}",
        slow.text()
    );
    let broken = edge.get("/broken");
    assert_eq!(broken.status, 502);
    assert!(
        broken.text().contains("not valid HTTP"),
        "{}",
        broken.text()
    );
    assert!(
        edge.log().contains("reason=\"read_timeout\""),
        "{}",
        edge.log()
    );
}

#[test]
fn a_client_that_reads_json_gets_the_reason_as_json() {
    let edge = Edge::start(&proxy_to(&[server(free_address(), "")]));
    let asked = "GET / HTTP/1.1\r\nHost: test\r\nAccept: application/json\r\n\r\n";
    let reply = request(edge.http, asked);
    assert_eq!(reply.status, 502);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let text = reply.text();
    assert!(
        text.contains("\"success\":false") && text.contains("it is not running"),
        "{text}"
    );
    edge.counts("edge_failures_total", &["reason=\"connect_refused\""], 1);
}

#[test]
fn retry_on_status_passes_the_last_answer_through() {
    let bad = Origin::start(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
            .is_ok()
    });
    let good = Origin::saying("good");
    let config = proxy_to(&[
        server(bad.address, ", max_fails = 0"),
        server(good.address, ", max_fails = 0, backup = true"),
    ]);
    let retry = "[upstream.web.retry]\non = [\"error\", \"http_503\"]\n";
    let edge = Edge::start(&format!("{config}{retry}"));
    assert_eq!(edge.get("/").text(), "good");
    good.stop();
    let reply = edge.get("/");
    assert_eq!(reply.status, 502, "the backup was tried and is gone");
    // Without another server the answer is what the server said.
    edge.configure(&format!("{}{retry}", proxy_to(&[server(bad.address, "")])));
    assert!(edge.reload().status.success());
    let reply = edge.get("/");
    assert_eq!((reply.status, reply.text()), (503, "busy"));
}

#[test]
fn probes_take_a_sick_server_out_and_bring_it_back() {
    let sick = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let state = std::sync::Arc::clone(&sick);
    let patient = Origin::start(move |request, stream| {
        if request.path() == "/health" && state.load(std::sync::atomic::Ordering::SeqCst) {
            return stream
                .write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
                .is_ok();
        }
        answer(stream, "patient")
    });
    let healthy = Origin::saying("healthy");
    let check = "[upstream.web.health_check]\ninterval = \"50ms\"\nrise = 2\nfall = 2\n";
    let servers = [
        server(patient.address, ""),
        server(healthy.address, ", backup = true"),
    ];
    let edge = Edge::start(&format!("{}{check}", proxy_to(&servers)));
    edge.eventually("the sick server is out", || {
        edge.get("/").text() == "healthy"
    });
    assert!(
        edge.log().contains("unhealthy: 2 probes in a row failed"),
        "{}",
        edge.log()
    );
    assert!(edge.log().contains("status 500"), "{}", edge.log());
    sick.store(false, std::sync::atomic::Ordering::SeqCst);
    edge.eventually("the server is back", || edge.get("/").text() == "patient");
    let status = edge.command("status");
    assert!(
        String::from_utf8_lossy(&status.stdout).contains("primary"),
        "{status:?}"
    );
}

#[test]
fn connections_to_servers_are_kept_and_a_stale_one_costs_nothing() {
    let origin = Origin::start(|request, stream| {
        // Announces keep-alive, then closes after this request.
        answer(stream, "x") && request.path() != "/last"
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    for path in ["/", "/", "/last"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(client.reply().unwrap().status, 200);
    }
    assert_eq!(origin.connections(), 1);
    for _ in 0..3 {
        client.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.reply().unwrap().status, 200);
    }
    assert_eq!(edge.metric("edge_upstream_up", &[]), 1);
}

#[test]
fn a_client_that_leaves_frees_the_server() {
    let (gone, wait) = std::sync::mpsc::channel();
    let gone = std::sync::Mutex::new(gone);
    let origin = Origin::start(move |_, stream| {
        let mut byte = [0];
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let left = matches!(std::io::Read::read(stream, &mut byte), Ok(0));
        gone.lock().unwrap().send(left).unwrap();
        false
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request arrives", || origin.seen().len() == 1);
    drop(client);
    assert!(
        wait.recv_timeout(Duration::from_secs(5)).unwrap(),
        "the connection was not closed"
    );
    edge.eventually("it is counted", || {
        edge.metric("edge_requests_total", &["code=\"499\""]) == 1
    });
}
