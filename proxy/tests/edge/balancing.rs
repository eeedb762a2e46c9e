//! Which server takes a request: the methods, sticky clients, limits and queues, and what operators
//! say.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::http::{Connection, get, request};
use crate::origin::{Origin, answer};
use crate::process::{Edge, command, proxy_to, server};

/// An upstream of `servers` with further lines in its table.
fn upstream(servers: &[String], more: &str) -> String {
    proxy_to(servers).replace("[[site]]", &format!("{more}\n[[site]]"))
}

fn three() -> Vec<Origin> {
    ["a", "b", "c"].map(Origin::saying).into()
}

fn lines(origins: &[Origin]) -> Vec<String> {
    let line = |origin: &Origin| server(origin.address, "");
    origins.iter().map(line).collect()
}

fn answers(edge: &Edge, paths: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
    let ask = |path: String| {
        let answer = edge.get(&path).text().to_owned();
        (path, answer)
    };
    paths.into_iter().map(ask).collect()
}

#[test]
fn equal_keys_meet_one_server_and_all_servers_are_met() {
    let origins = three();
    for balance in [
        "{ hash = \"$request_uri\" }",
        "{ hash = \"$request_uri\", consistent = true }",
        "{ hash = \"$arg_user$uri\", consistent = true, load_factor = 1.5 }",
    ] {
        let edge = Edge::start(&upstream(&lines(&origins), &format!("balance = {balance}")));
        // Keys that differ in more than a digit: CRC-32 puts those close together on the ring.
        let scattered = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let paths = || (1..100).map(|number| format!("/{0:x}?user={0}", scattered(number)));
        let first = answers(&edge, paths());
        assert_eq!(first, answers(&edge, paths()), "{balance}");
        let met: std::collections::BTreeSet<&String> = first.values().collect();
        assert_eq!(met.len(), 3, "{balance}");
    }
}

#[test]
fn u12_ip_hash_keeps_a_client_with_its_server() {
    let origins = three();
    let edge = Edge::start(&upstream(&lines(&origins), "balance = \"ip_hash\""));
    let paths = (0..10).map(|number| format!("/{number}"));
    let met: std::collections::BTreeSet<String> = answers(&edge, paths).into_values().collect();
    assert_eq!(met.len(), 1);
}

/// Holds requests until it is told to let them go.
#[derive(Debug, Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn wait(&self) {
        let patience = Duration::from_secs(10);
        let shut = self.0.lock().unwrap();
        drop(
            self.1
                .wait_timeout_while(shut, patience, |open| !*open)
                .unwrap(),
        );
    }
}

/// A server that holds every request for `/held` at the gate.
fn held(name: &'static str, gate: &Arc<Gate>) -> Origin {
    let gate = Arc::clone(gate);
    Origin::start(move |request, stream| {
        if request.path() == "/held" {
            gate.wait();
        }
        answer(stream, name)
    })
}

fn begin(edge: &Edge) -> Connection {
    let mut client = Connection::new(edge.http);
    client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    client
}

#[test]
fn the_less_busy_server_is_asked() {
    for balance in ["least_conn", "random_two"] {
        let gate = Arc::new(Gate::default());
        let (busy, free) = (held("busy", &gate), Origin::saying("free"));
        let servers = [server(busy.address, ""), server(free.address, "")];
        let edge = Edge::start(&upstream(&servers, &format!("balance = \"{balance}\"")));
        let mut clients = Vec::new();
        while busy.seen().is_empty() {
            assert!(clients.len() < 200, "{balance}");
            clients.push(begin(&edge));
            edge.eventually("the request arrives", || {
                busy.seen().len() + free.seen().len() == clients.len()
            });
        }
        let taken = (0..20).filter(|_| edge.get("/").text() == "busy").count();
        assert_eq!(taken, 0, "{balance}");
        gate.open();
        for mut client in clients {
            assert_eq!(client.reply().unwrap().status, 200);
        }
    }
}

#[test]
fn the_server_that_answers_sooner_is_asked() {
    let slow = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        answer(stream, "slow")
    });
    let quick = Origin::saying("quick");
    let servers = [server(slow.address, ""), server(quick.address, "")];
    let edge = Edge::start(&upstream(&servers, "balance = \"peak_ewma\""));
    edge.eventually("both have answered", || {
        edge.get("/");
        !slow.seen().is_empty() && !quick.seen().is_empty()
    });
    let taken = (0..20).filter(|_| edge.get("/").text() == "slow").count();
    assert_eq!(taken, 0);
}

#[test]
fn max_conns_refuses_without_a_queue_and_waits_with_one() {
    let gate = Arc::new(Gate::default());
    let origin = held("done", &gate);
    let limited = [server(origin.address, ", max_conns = 2")];
    let edge = Edge::start(&upstream(&limited, ""));
    let mut first: Vec<Connection> = (0..2).map(|_| begin(&edge)).collect();
    edge.eventually("both are under way", || origin.seen().len() == 2);
    let refused = edge.get("/");
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("as many requests as it may"));
    edge.configure(&upstream(
        &limited,
        "queue = { size = 2, timeout = \"10s\" }",
    ));
    assert!(edge.reload().status.success());
    let mut waiting: Vec<Connection> = (0..2).map(|_| begin(&edge)).collect();
    edge.eventually("both wait", || {
        edge.metric("edge_upstream_queued", &[]) == 2
    });
    assert!(edge.get("/").text().contains("too many requests wait"));
    assert_eq!(
        origin.seen().len(),
        2,
        "nobody is asked for more than it may be"
    );
    gate.open();
    for client in first.iter_mut().chain(&mut waiting) {
        assert_eq!(client.reply().unwrap().text(), "done");
    }
    edge.eventually("nothing is left over", || {
        edge.metric("edge_upstream_active", &[]) + edge.metric("edge_upstream_queued", &[]) == 0
    });
}

#[test]
fn a_request_does_not_wait_in_the_queue_for_ever() {
    let gate = Arc::new(Gate::default());
    let origin = held("done", &gate);
    let limited = [server(origin.address, ", max_conns = 1")];
    let queue = "queue = { size = 1, timeout = \"200ms\" }";
    let edge = Edge::start(&upstream(&limited, queue));
    let mut first = begin(&edge);
    edge.eventually("it is under way", || origin.seen().len() == 1);
    let late = edge.get("/");
    assert_eq!(late.status, 503);
    assert!(late.text().contains("no server became free in time"));
    gate.open();
    assert_eq!(first.reply().unwrap().text(), "done");
}

#[test]
fn a_sticky_client_stays_with_its_server() {
    let origins = three();
    let sticky = "sticky = { cookie = \"node\", max_age = \"1h\", same_site = \"strict\" }";
    let edge = Edge::start(&upstream(&lines(&origins), sticky));
    let reply = edge.get("/");
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("node=")
            && cookie.ends_with("; Path=/; Max-Age=3600; SameSite=Strict; HttpOnly"),
        "{cookie}"
    );
    let value = cookie.split(';').next().unwrap();
    let asked = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: x=y; {value}\r\n\r\n");
    for _ in 0..6 {
        let again = request(edge.http, &asked);
        assert_eq!(again.text(), reply.text());
        assert_eq!(again.header("set-cookie"), None, "it knows already");
    }
    // When its server is gone the client gets another, and is told.
    let gone = origins
        .iter()
        .position(|origin| origin.seen().len() > 6)
        .unwrap();
    let mut origins = origins;
    origins.remove(gone).stop();
    let moved = request(edge.http, &asked);
    assert_eq!(moved.status, 200);
    assert_ne!(
        moved.header("set-cookie").unwrap().split(';').next(),
        Some(value)
    );
}

fn change(edge: &Edge, address: std::net::SocketAddr, body: &str) -> (u16, String) {
    let length = body.len();
    let reply = request(
        edge.admin,
        &format!(
            "PATCH /api/v1/upstreams/web/servers/{address} HTTP/1.1\r\nHost: a\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ),
    );
    (reply.status, reply.text().to_owned())
}

#[test]
fn an_operator_drains_a_server_and_a_reload_keeps_it_so() {
    let origins = three();
    let config = upstream(&lines(&origins), "sticky = { cookie = \"node\" }");
    let edge = Edge::start(&config);
    let mut cookie = String::new();
    edge.eventually("a cookie for the first server", || {
        let reply = edge.get("/");
        cookie = reply.header("set-cookie").unwrap().to_owned();
        reply.text() == "a"
    });
    let (status, text) = change(&edge, origins[0].address, r#"{"state":"drain"}"#);
    assert_eq!(status, 200);
    assert!(text.contains("\"state\":\"drain\""), "{text}");
    assert!((0..9).all(|_| edge.get("/").text() != "a"));
    let cookie = cookie.split(';').next().unwrap();
    let asked = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n");
    assert_eq!(request(edge.http, &asked).text(), "a", "its clients stay");
    edge.configure(&config);
    assert!(edge.reload().status.success());
    assert!((0..9).all(|_| edge.get("/").text() != "a"));
    assert_eq!(
        change(&edge, origins[0].address, r#"{"state":"up","weight":4}"#).0,
        200
    );
    let taken = (0..12).filter(|_| edge.get("/").text() == "a").count();
    assert_eq!(taken, 8);
    // What cannot be done is said.
    assert_eq!(change(&edge, edge.http, r#"{"state":"up"}"#).0, 404);
    assert_eq!(
        change(&edge, origins[0].address, r#"{"state":"off"}"#).0,
        400
    );
    assert_eq!(change(&edge, origins[0].address, r#"{"weight":0}"#).0, 400);
}

/// Twenty requests on connections of their own, all at once.
#[test]
fn a_reload_under_way_loses_no_slot_and_no_count() {
    let gate = Arc::new(Gate::default());
    let origins = [held("a", &gate), held("b", &gate)];
    let config = upstream(&lines(&origins), "balance = \"least_conn\"");
    let edge = Edge::start(&config);
    let mut clients: Vec<Connection> = (0..20).map(|_| begin(&edge)).collect();
    edge.eventually("all are under way", || {
        origins
            .iter()
            .map(|origin| origin.seen().len())
            .sum::<usize>()
            == 20
    });
    // The second server goes, another comes, while both hold requests.
    let third = Origin::saying("c");
    let servers = [server(origins[0].address, ""), server(third.address, "")];
    edge.configure(&upstream(&servers, "balance = \"least_conn\""));
    assert!(edge.reload().status.success());
    assert!(
        (0..8).all(|_| edge.get("/").text() == "c"),
        "the other has ten"
    );
    gate.open();
    for client in &mut clients {
        assert_eq!(client.reply().unwrap().status, 200);
    }
    drop(clients);
    let status = edge.command("status");
    assert!(status.status.success());
    let table = String::from_utf8_lossy(&status.stdout).into_owned();
    let lines = table
        .lines()
        .skip_while(|line| !line.starts_with("UPSTREAM"));
    let ends: Vec<usize> = lines.map(str::len).collect();
    assert_eq!(ends.len(), 3, "{table}");
    // All but the heading of what may be said of a server.
    assert!(
        ends.iter().skip(1).all(|end| end + " WHY".len() == ends[0]),
        "{table}"
    );
    edge.eventually("nothing is left over", || {
        edge.metric("edge_upstream_active", &[]) == 0
    });
    let upstreams = get(edge.admin, "/api/v1/upstreams").text().to_owned();
    assert_eq!(upstreams.matches("\"active\":0").count(), 2, "{upstreams}");
}

/// What the methods refuse to be combined with, said at the line.
#[test]
fn impossible_combinations_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("edge.toml");
    let config = "[[listener]]\naddress = \"127.0.0.1:80\"\n[upstream.a]\nbalance = \"ip_hash\"\n\
                  compat = \"nginx\"\nsticky = { cookie = \"a b\" }\n\
                  server = [{ address = \"10.0.0.1:80\" }, { address = \"10.0.0.2:80\", backup = true }]\n\
                  [upstream.b]\nbalance = { hash = \"$reqest_uri\", load_factor = 0.5 }\n\
                  server = [{ address = \"web.internal\" }]\n\
                  [upstream.c]\nbalance = \"least_con\"\nserver = [{ address = \"web.internal:80\" }]\n\
                  [[site]]\n[[site.route]]\npath = \"/\"\nproxy = { to = \"a\" }\n";
    std::fs::write(&path, config).unwrap();
    let check = || {
        let mut check = command();
        check.args(["check", "--config"]).arg(&path);
        check.output().unwrap()
    };
    let first = check();
    let said = String::from_utf8_lossy(&first.stderr);
    assert_eq!(first.status.code(), Some(1));
    assert!(said.contains("least_conn"), "{said}");
    std::fs::write(&path, config.replace("least_con\"", "least_conn\"")).unwrap();
    let second = check();
    let said = String::from_utf8_lossy(&second.stderr);
    for expected in [
        "nginx has no backups with this method",
        "`a b` is not a name for a cookie",
        "there is no variable `$reqest_uri`",
        "did you mean `$request_uri`?",
        "a load factor needs `consistent = true`",
        "a number from 1.01 to 100",
        "`web.internal` has no port",
    ] {
        assert!(said.contains(expected), "{expected} is missing in\n{said}");
    }
}
