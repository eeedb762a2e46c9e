//! The commands that ask a running edge.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{TOKEN, states};
use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

fn said(output: &Output) -> String {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(all).unwrap()
}

#[test]
fn servers_are_drained_weighed_added_and_removed() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let added = free_address().to_string();
    let config = "[admin]\ntoken_file = \"token\"\nstate_file = \"state.json\"\n".to_owned()
        + &proxy_to(&[server(one.address, ""), server(two.address, "")]);
    let mut edge = Edge::start_with(&config, &[("token", TOKEN)]);
    let first = one.address.to_string();
    let good = |edge: &Edge, arguments: &[&str]| {
        let output = edge.commands(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        said(&output)
    };
    let state = |edge: &Edge, address: &str| {
        let all = states(edge);
        all.into_iter()
            .find(|(other, _)| other == address)
            .map(|(_, state)| state)
    };
    good(&edge, &["drain", "web", &first, "--wait"]);
    assert_eq!(state(&edge, &first).as_deref(), Some("drain"));
    let table = good(&edge, &["status"]);
    assert!(table.contains("drained by an operator"), "{table}");
    good(&edge, &["undrain", "web", &first]);
    assert_eq!(state(&edge, &first).as_deref(), Some("up"));
    good(&edge, &["weight", "web", &first, "7", "--persist"]);
    good(
        &edge,
        &[
            "add",
            "web",
            &added,
            "--weight",
            "3",
            "--backup",
            "--persist",
        ],
    );
    let json: serde_json::Value =
        serde_json::from_str(&good(&edge, &["status", "--json"])).unwrap();
    let servers = json["upstreams"][0]["servers"].as_array().unwrap();
    assert_eq!(servers[0]["weight"], 7, "{json}");
    assert_eq!(
        (&servers[2]["weight"], &servers[2]["backup"]),
        (&3.into(), &true.into())
    );
    edge.restart();
    assert_eq!(states(&edge).len(), 3);
    good(&edge, &["remove", "web", &added, "--now", "--persist"]);
    assert_eq!(states(&edge).len(), 2);
    assert!(!edge.log().contains(TOKEN));
}

#[test]
fn a_drain_waits_for_the_last_request() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    let slow = Origin::start(|_, stream| {
        while !OPEN.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        answer(stream, "slow")
    });
    let edge = Edge::start(&proxy_to(&[server(slow.address, "")]));
    let address = slow.address.to_string();
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    edge.eventually("the request is there", || !slow.seen().is_empty());
    let early = edge.commands(&["drain", "web", &address, "--wait", "--timeout", "0"]);
    assert_eq!(early.status.code(), Some(1));
    assert!(
        said(&early).contains("still has 1 requests under way"),
        "{early:?}"
    );
    let done = std::thread::scope(|scope| {
        let drain = scope.spawn(|| edge.commands(&["drain", "web", &address, "--wait"]));
        OPEN.store(true, Ordering::SeqCst);
        drain.join().unwrap()
    });
    assert!(done.status.success(), "{done:?}");
    assert!(said(&done).contains("is drained"), "{done:?}");
    assert_eq!(client.reply().unwrap().text(), "slow");
    // Nobody is left to answer.
    let status = edge.command("status");
    assert_eq!(status.status.code(), Some(1), "{status:?}");
    assert!(
        said(&status).contains("no upstream has a live server"),
        "{status:?}"
    );
}

#[test]
fn exit_codes_tell_what_is_bad_from_what_is_miswritten() {
    let one = Origin::saying("one");
    let config =
        "[admin]\ntoken_file = \"token\"\n".to_owned() + &proxy_to(&[server(one.address, "")]);
    let edge = Edge::start_with(&config, &[("token", TOKEN), ("other", &TOKEN[1..])]);
    let first = one.address.to_string();
    let fails = |arguments: &[&str], code: i32, what: &str| {
        let output = edge.commands(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(said(&output).contains(what), "{output:?}");
    };
    fails(
        &["drain", "none", &first],
        1,
        "there is no upstream of this name",
    );
    fails(
        &["drain", "web", "127.0.0.1:9"],
        1,
        "no server at this address",
    );
    fails(&["remove", "web", &first], 1, "last server");
    fails(&["add", "web", &first], 1, "has a server at this address");
    fails(
        &["weight", "web", &first, "2", "--persist"],
        1,
        "admin.state_file",
    );
    fails(&["reload", "--token-file", "other"], 1, "token");
    fails(&["reload", "--token-file", "none"], 1, "cannot be read");
    fails(&["drain", "web", "somewhere"], 2, "somewhere");
    fails(&["weight", "web", &first, "0"], 2, "0");
    fails(&["drain", "web"], 2, "SERVER");
    assert!(edge.reload().status.success());
}
