//! Servers that are added and removed while requests go on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{ask, states, value};
use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

const SERVERS: &str = "/api/v1/upstreams/web/servers";

fn add(edge: &Edge, body: &str) -> crate::http::Reply {
    ask(edge, &format!("POST {SERVERS}"), "", body)
}

#[test]
fn a_server_is_added_and_removed_and_reloads_keep_that() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let config = proxy_to(&[server(one.address, "")]);
    let edge = Edge::start(&config);
    let reply = add(
        &edge,
        &format!("{{\"address\": \"{}\", \"weight\": 3}}", two.address),
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(value(&reply)["weight"], 3);
    assert_eq!(value(&reply)["added"], true);
    let answers = |edge: &Edge| {
        let mut all: Vec<String> = (0..8).map(|_| edge.get("/").text().to_owned()).collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(answers(&edge), ["one", "two"]);
    assert!(edge.reload().status.success());
    assert_eq!(answers(&edge), ["one", "two"]);
    // The one of the configuration goes as well, and stays away.
    let reply = ask(&edge, &format!("DELETE {SERVERS}/{}", one.address), "", "");
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(edge.reload().status.success());
    assert_eq!(answers(&edge), ["two"]);
    let last = ask(&edge, &format!("DELETE {SERVERS}/{}", two.address), "", "");
    assert_eq!(last.status, 409);
    assert!(
        value(&last)["error"]
            .as_str()
            .unwrap()
            .contains("last server")
    );
    // And comes back.
    assert_eq!(
        add(&edge, &format!("{{\"address\": \"{}\"}}", one.address)).status,
        201
    );
    assert_eq!(answers(&edge), ["one", "two"]);
}

#[test]
fn what_is_configured_later_is_as_it_is_configured() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let edge = Edge::start(&proxy_to(&[server(one.address, "")]));
    assert_eq!(
        add(&edge, &format!("{{\"address\": \"{}\"}}", two.address)).status,
        201
    );
    edge.configure(&proxy_to(&[
        server(one.address, ""),
        server(two.address, ", weight = 7"),
    ]));
    assert!(edge.reload().status.success());
    let shown = super::read(&edge, "/api/v1/upstreams");
    assert_eq!(shown[0]["servers"][1]["weight"], 7, "{shown}");
    assert_eq!(shown[0]["servers"][1]["added"], false, "{shown}");
}

#[test]
fn a_removed_server_ends_its_requests_first() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    let slow = Origin::start(|request, stream| {
        while request.path() == "/slow" && !OPEN.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        answer(stream, "slow")
    });
    let other = Origin::saying("other");
    let edge = Edge::start(&proxy_to(&[
        server(slow.address, ""),
        server(other.address, ", backup = true"),
    ]));
    let mut client = Connection::new(edge.http);
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request is there", || !slow.seen().is_empty());
    let delete = format!("DELETE {SERVERS}/{}", slow.address);
    let reply = ask(&edge, &delete, "", "");
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(value(&reply)["state"], "leaving");
    assert_eq!(value(&reply)["active"], 1);
    for _ in 0..5 {
        assert_eq!(edge.get("/").text(), "other");
    }
    assert_eq!(ask(&edge, &delete, "", "").status, 404);
    OPEN.store(true, Ordering::SeqCst);
    assert_eq!(client.reply().unwrap().text(), "slow");
    edge.eventually("it is gone", || states(&edge).len() == 1);
}

#[test]
fn mistakes_are_told_with_their_field() {
    let one = Origin::saying("one");
    let edge = Edge::start(&proxy_to(&[server(one.address, "")]));
    let free = free_address();
    for (body, field) in [
        ("{".to_owned(), "."),
        ("{}".to_owned(), "address"),
        ("{\"address\": 1}".to_owned(), "address"),
        ("{\"address\": \"localhost:80\"}".to_owned(), "address"),
        (
            format!("{{\"address\": \"{free}\", \"weight\": 0}}"),
            "weight",
        ),
        (
            format!("{{\"address\": \"{free}\", \"wieght\": 1}}"),
            "wieght",
        ),
        (
            format!("{{\"address\": \"{free}\", \"fail_timeout\": \"soon\"}}"),
            "fail_timeout",
        ),
        (
            format!("{{\"address\": \"{free}\", \"persist\": 1}}"),
            "persist",
        ),
        (
            format!("{{\"address\": \"{free}\", \"persist\": true}}"),
            "persist",
        ),
    ] {
        let reply = add(&edge, &body);
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(value(&reply)["field"], field, "{body}: {reply:?}");
    }
    assert_eq!(states(&edge).len(), 1);
    assert_eq!(
        add(&edge, &format!("{{\"address\": \"{}\"}}", one.address)).status,
        409
    );
    let patch = |body: &str| {
        value(&ask(
            &edge,
            &format!("PATCH {SERVERS}/{}", one.address),
            "",
            body,
        ))
    };
    assert_eq!(patch("{\"state\": \"gone\"}")["field"], "state");
    assert_eq!(patch("{\"weight\": -1}")["field"], "weight");
    for (line, status) in [
        (format!("DELETE {SERVERS}/{free}"), 404),
        (format!("DELETE {SERVERS}/{}?nwo=true", one.address), 400),
        ("POST /api/v1/upstreams/none/servers".to_owned(), 404),
        (format!("GET {SERVERS}"), 405),
        (format!("DELETE {SERVERS}"), 405),
        (format!("DELETE {SERVERS}/%zz"), 400),
    ] {
        let reply = ask(&edge, &line, "", &format!("{{\"address\": \"{free}\"}}"));
        assert_eq!(reply.status, status, "{line}: {reply:?}");
    }
}
