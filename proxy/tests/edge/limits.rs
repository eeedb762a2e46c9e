//! Rate limits: how often something may be asked for.

use std::time::{Duration, Instant};

use crate::http::{Connection, Reply, request};
use crate::origin::Origin;
use crate::process::Edge;

/// A rate at which nothing is given back while a test runs.
const CONFIG: &str = "[client]\ntrusted = [\"127.0.0.1\"]\n\
    [rate_limit.few]\nrate = \"1/h\"\nburst = 2\nnodelay = true\n\
    [rate_limit.by_key]\nrate = \"1/h\"\nkey = \"$http_x_key\"\nstatus = 503\n\
    [rate_limit.dry]\nrate = \"1/h\"\ndry_run = true\n\
    [[site]]\nlimits = [\"few\"]\n\
    access_log = { path = \"access.log\", format = '$uri $status $reason $limit_req_status' }\n\
    [[site.route]]\npath = \"/\"\nrespond = { status = 200, text = \"ok\" }\n\
    [[site.route]]\npath = \"/free\"\nlimits = []\nrespond = { status = 200, text = \"ok\" }\n\
    [[site.route]]\npath = \"/both\"\nlimits = [\"few\", \"by_key\"]\nrespond = { status = 200, text = \"ok\" }\n\
    [[site.route]]\npath = \"/dry\"\nlimits = [\"dry\"]\nrespond = { status = 200, text = \"ok\" }\n";

fn ask(edge: &Edge, path: &str, client: &str, more: &str) -> Reply {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n{more}\r\n");
    request(edge.http, &head)
}

fn statuses(edge: &Edge, path: &str, client: &str, more: &str, times: usize) -> Vec<u16> {
    (0..times)
        .map(|_| ask(edge, path, client, more).status)
        .collect()
}

#[test]
fn a_client_asks_as_often_as_it_may() {
    let edge = Edge::start(CONFIG);
    // One and the burst, whichever worker is asked.
    assert_eq!(
        statuses(&edge, "/", "192.0.2.1", "", 5),
        [200, 200, 200, 429, 429]
    );
    let refused = ask(&edge, "/", "192.0.2.1", "");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&wait), "{wait}");
    assert_eq!(refused.header("edge-reason"), None);
    assert!(refused.text().contains("429 Too Many Requests"));
    // Others are counted for themselves; of IPv6, networks.
    assert_eq!(ask(&edge, "/", "192.0.2.2", "").status, 200);
    assert_eq!(statuses(&edge, "/", "2001:db8::1", "", 2), [200, 200]);
    assert_eq!(statuses(&edge, "/", "2001:db8::ffff", "", 2), [200, 429]);
    assert_eq!(ask(&edge, "/", "2001:db8:0:1::1", "").status, 200);
    // A route's limits stand in place of the site's.
    assert_eq!(statuses(&edge, "/free", "192.0.2.1", "", 2), [200, 200]);
    edge.counts("edge_rate_limited_total", &["few", "\"refused\""], 4);
    edge.counts("edge_failures_total", &["rate_limited"], 4);
}

/// A request that one limit refuses is not counted by the other, and one without a key by none.
#[test]
fn all_limits_have_to_let_a_request_pass() {
    let edge = Edge::start(CONFIG);
    let key = "X-Key: one\r\n";
    assert_eq!(
        statuses(&edge, "/both", "192.0.2.1", key, 4),
        [200, 503, 503, 503]
    );
    let without = statuses(&edge, "/both", "192.0.2.1", "", 3);
    assert_eq!(without, [200, 200, 429]);
    edge.eventually("the log is written", || {
        std::fs::read_to_string(edge.path("access.log"))
            .is_ok_and(|log| log.contains("/both 503 rate_limited REJECTED\n"))
    });
}

#[test]
fn a_dry_run_refuses_nobody_and_counts() {
    let edge = Edge::start(CONFIG);
    assert_eq!(statuses(&edge, "/dry", "192.0.2.1", "", 3), [200, 200, 200]);
    edge.counts(
        "edge_rate_limited_total",
        &["dry", "\"refused_dry_run\""],
        2,
    );
    edge.eventually("the log says so", || {
        std::fs::read_to_string(edge.path("access.log"))
            .is_ok_and(|log| log.contains("/dry 200 - REJECTED_DRY_RUN\n"))
    });
}

#[test]
fn what_was_counted_outlives_a_reload() {
    let edge = Edge::start(CONFIG);
    assert_eq!(statuses(&edge, "/", "192.0.2.1", "", 2), [200, 200]);
    edge.configure(&CONFIG.replace("burst = 2", "burst = 3"));
    assert!(edge.reload().status.success());
    assert_eq!(statuses(&edge, "/", "192.0.2.1", "", 3), [200, 200, 429]);
    // Another key is another count.
    let other = CONFIG.replace("burst = 2", "key = \"$remote_addr\"");
    edge.configure(&other);
    assert!(edge.reload().status.success());
    assert_eq!(statuses(&edge, "/", "192.0.2.1", "", 2), [200, 429]);
}

/// A request that waits for its turn keeps its body, and gives up when its client does.
#[test]
fn what_comes_early_waits() {
    let origin = Origin::saying("served");
    let config = format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [rate_limit.quick]\nrate = \"5/s\"\nburst = 10\n\
         [rate_limit.slow]\nrate = \"1/h\"\nburst = 10\n\
         [[site]]\n\
         [[site.route]]\npath = \"/\"\nlimits = [\"quick\"]\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/slow\"\nlimits = [\"slow\"]\nproxy = {{ to = \"web\" }}\n",
        origin.address
    );
    let edge = Edge::start(&config);
    let begun = Instant::now();
    for round in 0..3 {
        let mut client = Connection::new(edge.http);
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
        // It has not been asked for the body yet when this comes.
        std::thread::sleep(Duration::from_millis(30));
        client.send("abc");
        std::thread::sleep(Duration::from_millis(30));
        client.send(format!("de{round}"));
        assert_eq!(client.reply().unwrap().text(), "served");
        assert_eq!(
            origin.seen()[round].body,
            format!("abcde{round}").as_bytes()
        );
    }
    assert!(begun.elapsed() >= Duration::from_millis(400));
    let large = "0123456789".repeat(50_000);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        large.len()
    );
    for _ in 0..2 {
        assert_eq!(
            request(edge.http, &format!("{head}{large}")).text(),
            "served"
        );
        assert!(origin.seen().last().unwrap().body == large.as_bytes());
    }
    assert_eq!(edge.get("/slow").status, 200);
    let mut client = Connection::new(edge.http);
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.counts("edge_rate_limited_total", &["slow", "\"delayed\""], 1);
    drop(client);
    edge.counts("edge_failures_total", &["client_gone"], 1);
    assert_eq!(origin.seen().len(), 6);
}
