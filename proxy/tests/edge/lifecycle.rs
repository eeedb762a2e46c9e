//! Starting, stopping, and the commands beside `run`.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::http::{Connection, get};
use crate::origin::{Origin, answer};
use crate::process::{Edge, command, free_address, proxy_to, server};

#[test]
fn c3_quit_finishes_what_is_under_way() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        answer(stream, "finished")
    });
    let mut edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut idle = Connection::new(edge.http);
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.reply().unwrap();
    let mut busy = Connection::new(edge.http);
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request arrives", || origin.seen().len() == 2);
    edge.signal("QUIT");
    assert!(idle.is_closed());
    edge.eventually("no new connection", || {
        TcpStream::connect(edge.http).is_err()
    });
    let reply = busy.reply().unwrap();
    assert_eq!(
        (reply.text(), reply.header("connection")),
        ("finished", Some("close"))
    );
    assert_eq!(edge.wait(Duration::from_secs(2)), Some(0));
}

#[test]
fn c3_term_stops_at_once() {
    let origin = Origin::start(|_, _| {
        std::thread::sleep(Duration::from_secs(5));
        false
    });
    let mut edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request arrives", || origin.seen().len() == 1);
    let start = Instant::now();
    edge.signal("TERM");
    assert_eq!(edge.wait(Duration::from_secs(2)), Some(0));
    assert!(start.elapsed() < Duration::from_secs(2));
}

/// A process that has not yet said how it takes a signal is killed by it.
#[test]
fn a_signal_right_after_the_start_is_heeded() {
    let origin = Origin::saying("x");
    for _ in 0..10 {
        let mut edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
        edge.signal("HUP");
        edge.eventually("it is reloaded", || {
            edge.metric("edge_config_reload_total", &["result=\"success\""]) == 1
        });
        edge.signal("TERM");
        assert_eq!(edge.wait(Duration::from_secs(2)), Some(0));
    }
}

#[test]
fn quit_by_command_uses_the_pid_file() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[server(origin.address, "")]);
    let mut edge = Edge::start(&format!("[server]\npid_file = \"edge.pid\"\n{config}"));
    edge.eventually("the pid file is there", || edge.path("edge.pid").exists());
    let outcome = command()
        .args(["quit", "--config", "edge.toml"])
        .current_dir(edge.path(""))
        .output()
        .unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(edge.wait(Duration::from_secs(2)), Some(0));
    assert!(!edge.path("edge.pid").exists());
}

#[test]
fn a_port_in_use_is_named_and_ends_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("edge.toml");
    let text = format!(
        "[admin]\nlisten = \"{}\"\n[[listener]]\naddress = \"{address}\"\n{}",
        free_address(),
        proxy_to(&[server(free_address(), "")])
    );
    std::fs::write(&config, text).unwrap();
    let outcome = command()
        .args(["run", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr);
    assert!(
        message.contains(&format!("cannot listen on {address}")),
        "{message}"
    );
}

#[test]
fn check_shows_every_mistake_at_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("edge.toml");
    let broken = "[[listener]]\nadress = \"0.0.0.0:80\"\n[upstream.a]\nbalance = \"fair\"\n\
                  [[upstream.a.server]]\naddress = 5\n[[site]]\n[[site.route]]\npath = \"/\"\n\
                  proxy = { to = \"a\", read_timeout = \"soon\" }\n";
    std::fs::write(&config, broken).unwrap();
    let outcome = command()
        .args(["check", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr);
    for expected in [
        "edge.toml:2:1",
        "did you mean `address`",
        "edge.toml:4:",
        "edge.toml:6:",
        "edge.toml:10:",
    ] {
        assert!(
            message.contains(expected),
            "{expected} is missing in\n{message}"
        );
    }
    assert_eq!(
        command().arg("chekc").output().unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn the_admin_port_answers() {
    let edge = Edge::start(&proxy_to(&[
        server(free_address(), ", max_fails = 1"),
        server(free_address(), ", max_fails = 1"),
    ]));
    assert_eq!(get(edge.admin, "/health").text(), "ok\n");
    assert_eq!(get(edge.admin, "/ready").status, 200);
    edge.get("/");
    assert_eq!(get(edge.admin, "/ready").status, 503, "no server is left");
    let upstreams = get(edge.admin, "/api/v1/upstreams").text().to_owned();
    assert!(upstreams.contains("\"state\":\"ejected\""), "{upstreams}");
    assert_eq!(get(edge.admin, "/nothing").status, 404);
    assert_eq!(get(edge.admin, "/api/v1/reload").status, 405);
    // Who answers everything itself needs none.
    edge.configure("[[site]]\n[[site.route]]\npath = \"/\"\nrespond = { status = 204 }\n");
    assert!(edge.reload().status.success());
    assert_eq!(get(edge.admin, "/ready").status, 200);
}

/// The schema is what editors complete and check with; a change of it is a change of the contract.
#[test]
fn the_schema_is_the_one_in_conf() {
    let schema = command().arg("schema").output().unwrap().stdout;
    let golden = "../conf/schema/edge.json";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &schema).unwrap();
    }
    let expected = std::fs::read(golden).unwrap();
    assert!(
        schema == expected,
        "run the tests with UPDATE_GOLDEN=1 and review {golden}"
    );
}

#[test]
fn the_production_configuration_is_good() {
    let config = "../conf/edge.toml";
    let outcome = command()
        .args(["check", "--config", config])
        .envs([
            ("MASTER_NODE_IP", "172.16.0.10"),
            ("SLAVE_NODE_IP", "172.16.0.11"),
        ])
        .output()
        .unwrap();
    assert!(
        outcome.status.success(),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    let outcome = command()
        .args(["check", "--config", config])
        .env_remove("MASTER_NODE_IP")
        .env_remove("SLAVE_NODE_IP")
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&outcome.stderr);
    assert!(
        message.contains("MASTER_NODE_IP") && message.contains("SLAVE_NODE_IP"),
        "{message}"
    );
}
