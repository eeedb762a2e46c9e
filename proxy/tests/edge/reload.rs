//! Replacing the configuration while requests are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::http::{Connection, get};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

/// Sends requests on kept and on new connections until told to stop; panics if one fails.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    pub(crate) fn on(edge: &Edge) -> Self {
        let (stop, answered): (Arc<AtomicBool>, Arc<AtomicUsize>) = Default::default();
        let address = edge.http;
        let threads = (0..4).map(|_| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let mut client = Connection::new(address);
                    for _ in 0..20 {
                        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                        let reply = client.reply().expect("an answer");
                        assert_eq!(reply.status, 200);
                        answered.fetch_add(1, Ordering::SeqCst);
                        if reply.header("connection") == Some("close") {
                            break;
                        }
                    }
                }
            })
        });
        Self {
            threads: threads.collect(),
            stop,
            answered,
        }
    }

    pub(crate) fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("no request fails");
        }
        self.answered.load(Ordering::SeqCst)
    }
}

#[test]
fn c2_reloads_under_load_lose_nothing() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let configs = [
        proxy_to(&[server(one.address, "")]),
        proxy_to(&[server(two.address, "")]),
    ];
    let edge = Edge::start(&configs[0]);
    let load = Load::on(&edge);
    for round in 1..=20 {
        edge.configure(&configs[round % 2]);
        edge.signal("HUP");
        edge.eventually("the reload takes effect", || {
            edge.metric("edge_config_generation", &[]) == round as u64 + 1
        });
    }
    let answered = load.end();
    assert!(answered > 100, "{answered} requests");
    assert_eq!(
        edge.metric("edge_config_reload_total", &["result=\"success\""]),
        20
    );
    edge.eventually("every answer is counted", || {
        edge.metric("edge_requests_total", &["code=\"200\""]) == answered as u64
    });
    assert!(!one.seen().is_empty() && !two.seen().is_empty());
}

#[test]
fn c2_a_broken_file_is_refused_with_its_place_and_changes_nothing() {
    let origin = Origin::saying("still here");
    let good = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&good);
    let load = Load::on(&edge);
    edge.configure(&good.replace(
        "proxy = { to = \"web\" }",
        "proxy = { to = \"wbe\" }\nprxy = 1",
    ));
    let outcome = edge.reload();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(message.contains("edge.toml:"), "{message}");
    assert!(message.contains("prxy"), "{message}");
    edge.configure(&good.replace("to = \"web\"", "to = \"wbe\""));
    let outcome = edge.reload();
    let message = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(message.contains("there is no upstream `wbe`"), "{message}");
    assert!(message.contains("did you mean \"web\"?"), "{message}");
    edge.configure("this is not TOML");
    edge.signal("HUP");
    edge.eventually("the refusal is counted", || {
        edge.metric("edge_config_reload_total", &["result=\"failure\""]) == 3
    });
    assert!(
        edge.log().contains("the old one stays in use"),
        "{}",
        edge.log()
    );
    assert!(load.end() > 0);
    assert_eq!(edge.metric("edge_config_generation", &[]), 1);
    assert_eq!(edge.get("/").text(), "still here");
    let state = get(edge.admin, "/api/v1/config").text().to_owned();
    assert!(state.contains("\"refused\":\""), "{state}");
}

#[test]
fn listeners_come_and_go_with_a_reload() {
    let origin = Origin::saying("hello");
    let config = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&config);
    let second = free_address();
    edge.configure(&format!("[[listener]]\naddress = \"{second}\"\n{config}"));
    let outcome = edge.reload();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(get(second, "/").text(), "hello");
    edge.configure(&config);
    assert!(edge.reload().status.success());
    edge.eventually("the port closes", || {
        std::net::TcpStream::connect(second).is_err()
    });
    assert_eq!(edge.get("/").text(), "hello");
    // A port that somebody else has: nothing changes.
    edge.configure(&format!(
        "[[listener]]\naddress = \"{}\"\n{config}",
        origin.address
    ));
    let outcome = edge.reload();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(
        message.contains(&format!("cannot listen on {}", origin.address)),
        "{message}"
    );
    assert_eq!(edge.get("/").text(), "hello");
}

#[test]
fn a_reload_remembers_which_server_is_out() {
    let backup = Origin::saying("backup");
    let dead = free_address();
    let servers = |weight: u32| {
        proxy_to(&[
            server(
                dead,
                &format!(", weight = {weight}, max_fails = 1, fail_timeout = \"60s\""),
            ),
            server(backup.address, ", backup = true"),
        ])
    };
    let edge = Edge::start(&servers(1));
    assert_eq!(edge.get("/").text(), "backup");
    let retries = || edge.metric("edge_upstream_retries_total", &[]);
    assert_eq!(retries(), 1);
    edge.configure(&servers(5));
    assert!(edge.reload().status.success());
    assert_eq!(edge.get("/").text(), "backup");
    assert_eq!(retries(), 1, "the dead server was asked again");
}

#[test]
fn a_request_under_way_ends_with_the_configuration_it_began_with() {
    let slow = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(400));
        answer(stream, "old")
    });
    let new = Origin::saying("new");
    let edge = Edge::start(&proxy_to(&[server(slow.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request arrives", || slow.seen().len() == 1);
    edge.configure(&proxy_to(&[server(new.address, "")]));
    assert!(edge.reload().status.success());
    assert_eq!(client.reply().unwrap().text(), "old");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "new");
}
