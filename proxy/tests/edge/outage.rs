//! Bad servers and bad requests under load: the flaws of nginx that the safe profile mends, and the
//! profile that keeps them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::http::{Connection, get};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

/// Clients that ask one request after the other until they are told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
    statuses: Arc<Mutex<BTreeMap<u16, u32>>>,
}

impl Load {
    fn start(address: SocketAddr, path: &'static str, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let statuses: Arc<Mutex<BTreeMap<u16, u32>>> = Arc::default();
        let run = |_| {
            let (stop, statuses) = (Arc::clone(&stop), Arc::clone(&statuses));
            std::thread::spawn(move || {
                let mut client = Connection::new(address);
                while !stop.load(Ordering::SeqCst) {
                    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
                    let reply = client.reply();
                    let status = reply.as_ref().map_or(0, |reply| reply.status);
                    *statuses.lock().unwrap().entry(status).or_default() += 1;
                    // After keepalive_requests the edge says so.
                    if reply.is_ok_and(|reply| reply.header("connection") != Some("close")) {
                        continue;
                    }
                    client = Connection::new(address);
                }
            })
        };
        Self {
            threads: (0..clients).map(run).collect(),
            stop,
            statuses,
        }
    }

    fn end(self) -> BTreeMap<u16, u32> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let statuses = self.statuses.lock().unwrap();
        statuses.clone()
    }
}

/// A pair of servers of which `/hang` never answers.
fn pair() -> [Origin; 2] {
    ["a", "b"].map(|name| {
        Origin::start(move |request, stream| {
            if request.path().starts_with("/hang") {
                // Until the edge has given up.
                let mut byte = [0];
                drop(std::io::Read::read(stream, &mut byte));
                return false;
            }
            answer(stream, name)
        })
    })
}

fn config(servers: &[Origin; 2], upstream: &str) -> String {
    let lines = servers
        .iter()
        .map(|origin| server(origin.address, ", max_fails = 3, fail_timeout = \"30s\""));
    proxy_to(&lines.collect::<Vec<_>>()).replace("[[site]]", &format!("{upstream}\n[[site]]"))
        + "[[site.route]]\npath = \"/hang\"\n\
           proxy = { to = \"web\", read_timeout = \"20ms\" }\n"
}

#[test]
fn u8_a_url_that_hangs_takes_no_server_from_anybody_else() {
    let servers = pair();
    let edge = Edge::start(&config(&servers, ""));
    let others = Load::start(edge.http, "/", 4);
    let mut clients: Vec<Connection> = (0..20).map(|_| Connection::new(edge.http)).collect();
    let mut hung = 0;
    for round in 0..50 {
        for client in &mut clients {
            client.send(format!("GET /hang?{round} HTTP/1.1\r\nHost: a\r\n\r\n"));
        }
        for client in &mut clients {
            assert_eq!(client.reply().unwrap().status, 504);
            hung += 1;
        }
    }
    assert_eq!(hung, 1000);
    let statuses = others.end();
    assert_eq!(statuses.keys().collect::<Vec<_>>(), [&200], "{statuses:?}");
    assert!(!edge.log().contains("taken out"), "{}", edge.log());
    for name in ["a", "b"] {
        assert!(
            (0..4).any(|_| edge.get("/").text() == name),
            "both still answer"
        );
    }
}

#[test]
fn u8_in_nginx_s_profile_it_takes_both_servers_from_everybody() {
    let servers = pair();
    let edge = Edge::start(&config(&servers, "compat = \"nginx\""));
    for _ in 0..3 {
        assert_eq!(edge.get("/hang").status, 504);
    }
    let refused = edge.get("/");
    assert_eq!(refused.status, 502, "U7: from memory");
    assert!(
        refused.text().contains("no server of the upstream is live"),
        "{}",
        refused.text()
    );
}

#[test]
fn u7_the_first_answer_comes_as_soon_as_a_server_is_back() {
    let (first, second) = (free_address(), free_address());
    let line = |address| server(address, ", max_fails = 3, fail_timeout = \"60s\"");
    let check = "[upstream.web.health_check]\ntype = \"tcp\"\ninterval = \"200ms\"\n";
    let edge = Edge::start(&format!(
        "{}{check}",
        proxy_to(&[line(first), line(second)])
    ));
    let start = |address, name: &'static str| {
        Origin::start_at(address, move |_, stream| answer(stream, name))
    };
    let servers = [start(first, "a"), start(second, "b")];
    edge.eventually("both answer", || {
        (0..4).all(|_| edge.get("/").status == 200) && get(edge.admin, "/ready").status == 200
    });
    let load = Load::start(edge.http, "/", 8);
    std::thread::sleep(Duration::from_millis(200));
    drop(servers);
    edge.eventually("both are missed", || edge.get("/").status == 502);
    std::thread::sleep(Duration::from_millis(500));
    let servers = [start(first, "a"), start(second, "b")];
    let back = Instant::now();
    edge.eventually("one answers", || edge.get("/").status == 200);
    let took = back.elapsed();
    edge.eventually("both answer again", || {
        (0..6).all(|_| edge.get("/").status == 200)
    });
    let statuses = load.end();
    assert!(
        statuses.keys().all(|status| [200, 502].contains(status)),
        "{statuses:?}"
    );
    // nginx would go on with 502 for what is left of fail_timeout.
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(servers);
}

#[test]
fn r3_one_try_has_its_own_time_and_a_storm_of_retries_its_budget() {
    let [slow, good] = [
        Origin::start(|_, stream| {
            std::thread::sleep(Duration::from_millis(500));
            answer(stream, "slow")
        }),
        Origin::saying("good"),
    ];
    let servers = [
        server(slow.address, ", max_fails = 0"),
        server(good.address, ", backup = true"),
    ];
    let retry = "retry = { per_try_timeout = \"50ms\", budget = { percent = 0, reserve = 3 } }";
    let edge = Edge::start(&proxy_to(&servers).replace("[[site]]", &format!("{retry}\n[[site]]")));
    let answers: Vec<u16> = (0..6).map(|_| edge.get("/").status).collect();
    assert_eq!(answers, [200, 200, 200, 504, 504, 504]);
    edge.counts(
        "edge_upstream_retries_total",
        &["reason=\"try_timeout\""],
        3,
    );
    assert!(edge.get("/").text().contains("in the time for one try"));
}

#[test]
fn u9_a_missing_page_is_looked_for_elsewhere_but_is_no_failure() {
    let [without, with] = [
        Origin::start(|_, stream| {
            std::io::Write::write_all(stream, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
                .is_ok()
        }),
        Origin::saying("found"),
    ];
    let servers = [
        server(without.address, ", max_fails = 1"),
        server(with.address, ", backup = true"),
    ];
    let retry = "retry = { on = [\"http_404\"] }";
    let edge = Edge::start(&proxy_to(&servers).replace("[[site]]", &format!("{retry}\n[[site]]")));
    for _ in 0..5 {
        assert_eq!(edge.get("/").text(), "found");
    }
    assert_eq!(without.seen().len(), 5, "it is asked first every time");
}
