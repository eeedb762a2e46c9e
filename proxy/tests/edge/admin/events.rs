//! What happens, as it happens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::ask;
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

/// Somebody who listens.
struct Listener(BufReader<TcpStream>);

/// One event: its id, its kind, its data.
type Event = (String, String, Value);

impl Listener {
    fn new(edge: &Edge, query: &str, last: &str) -> Self {
        let mut stream = TcpStream::connect(edge.admin).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        // HTTP/1.0, so that there are no chunks in between.
        write!(
            stream,
            "GET /api/v1/events{query} HTTP/1.0\r\nLast-Event-ID: {last}\r\n\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.contains("text/event-stream"), "{head}");
        Self(reader)
    }

    fn next(&mut self) -> Event {
        let (mut id, mut kind) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            assert!(
                self.0.read_line(&mut line).unwrap() > 0,
                "the stream has ended"
            );
            match line.trim_end().split_once(": ") {
                Some(("id", text)) => text.clone_into(&mut id),
                Some(("event", text)) => text.clone_into(&mut kind),
                Some(("data", text)) => return (id, kind, serde_json::from_str(text).unwrap()),
                _ => {}
            }
        }
    }

    /// The next event of this kind about which `fits` says so.
    fn find(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Event {
        loop {
            let event = self.next();
            if event.1 == kind && fits(&event.2) {
                return event;
            }
        }
    }
}

#[test]
fn events_come_with_their_reasons_and_can_be_taken_up_again() {
    let (one, two) = (Origin::saying("one"), free_address());
    let config = proxy_to(&[server(one.address, ""), server(two, ", backup = true")])
        + "[upstream.web.health_check]\ntype = \"tcp\"\ninterval = \"50ms\"\nfall = 1\nrise = 1\n";
    let edge = Edge::start(&config);
    let mut listener = Listener::new(&edge, "", "");
    let (_, _, unhealthy) = listener.find("server", |data| data["state"] == "unhealthy");
    assert_eq!(unhealthy["server"], two.to_string());
    assert!(
        unhealthy["why"]
            .as_str()
            .unwrap()
            .starts_with("probes fail: "),
        "{unhealthy}"
    );
    let _two = Origin::start_at(two, |_, _| false);
    let (seen, _, _) = listener.find("server", |data| data["state"] == "up");

    let line = format!("PATCH /api/v1/upstreams/web/servers/{}", one.address);
    assert_eq!(ask(&edge, &line, "", "{\"state\": \"drain\"}").status, 200);
    assert!(edge.reload().status.success());
    edge.configure(&config.replace("[[site]]", "[[site]]\nnonsense = 1"));
    assert!(!edge.reload().status.success());

    let mut again = Listener::new(&edge, "", &seen);
    for listener in [&mut listener, &mut again] {
        let (_, _, drained) = listener.find("server", |_| true);
        assert_eq!(drained["state"], "drain");
        assert_eq!(drained["why"], "drained by an operator");
        listener.find("operator", |data| {
            data["message"].as_str().unwrap().contains("set to drain")
        });
        listener.find("reload", |data| data["generation"] == 2);
        let (_, _, refused) = listener.find("reload", |data| data["result"] == "failure");
        assert!(
            refused["error"].as_str().unwrap().contains("nonsense"),
            "{refused}"
        );
    }
    // An id of another process asks for everything.
    Listener::new(&edge, "", "1-1").find("server", |data| data["state"] == "unhealthy");
}

#[test]
fn with_live_the_state_comes_every_second() {
    let one = Origin::saying("one");
    let edge = Edge::start(&proxy_to(&[server(one.address, "")]));
    let mut listener = Listener::new(&edge, "?live", "");
    edge.get("/");
    let (id, _, state) = listener.find("state", |data| {
        data["status"]["connections"]["requests"] == 1
    });
    assert_eq!(id, "");
    assert_eq!(state["status"]["upstreams"][0]["servers"][0]["state"], "up");
}

#[test]
fn a_stop_is_told() {
    let one = Origin::saying("one");
    let edge = Edge::start(&proxy_to(&[server(one.address, "")]));
    let mut listener = Listener::new(&edge, "", "");
    // Keeps the edge from ending before that is told.
    let mut client = crate::http::Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    edge.eventually("the request is under way", || {
        edge.metric("edge_connections", &["active"]) == 1
    });
    edge.signal("QUIT");
    listener.find("drain", |data| data["connections"] == 1);
}
