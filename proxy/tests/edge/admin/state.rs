//! Changes that outlive a restart.

use std::fs;

use super::{ask, read, states, value};
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

const ADMIN: &str = "[admin]\nstate_file = \"state.json\"\n";

#[test]
fn what_is_persisted_is_there_after_a_restart_and_the_rest_is_not() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let (three, kept, lost) = (free_address(), free_address(), free_address());
    let config = proxy_to(&[
        server(one.address, ""),
        server(two.address, ""),
        server(three, ""),
    ]);
    let mut edge = Edge::start(&(ADMIN.to_owned() + &config));
    let servers = "/api/v1/upstreams/web/servers";
    for (line, body) in [
        (
            format!("POST {servers}"),
            format!(
                "{{\"address\": \"{kept}\", \"weight\": 5, \"backup\": true, \"fail_timeout\": \"3s\", \"persist\": true}}"
            ),
        ),
        (
            format!("POST {servers}"),
            format!("{{\"address\": \"{lost}\"}}"),
        ),
        (
            format!("PATCH {servers}/{}", one.address),
            "{\"state\": \"drain\", \"weight\": 4, \"persist\": true}".to_owned(),
        ),
        (
            format!("PATCH {servers}/{}", two.address),
            "{\"weight\": 9}".to_owned(),
        ),
        (
            format!("DELETE {servers}/{three}?persist=true&now=true"),
            String::new(),
        ),
    ] {
        let reply = ask(&edge, &line, "", &body);
        assert!((200..300).contains(&reply.status), "{line}: {reply:?}");
    }
    edge.restart();
    let shown = read(&edge, "/api/v1/upstreams");
    let find = |address: &str| {
        let servers = shown[0]["servers"].as_array().unwrap();
        servers
            .iter()
            .find(|server| server["address"] == address)
            .cloned()
    };
    let first = find(&one.address.to_string()).unwrap();
    assert_eq!(
        (&first["state"], &first["weight"]),
        (&"drain".into(), &4.into())
    );
    assert_eq!(find(&two.address.to_string()).unwrap()["weight"], 1);
    let added = find(&kept.to_string()).unwrap();
    assert_eq!(
        (&added["weight"], &added["backup"]),
        (&5.into(), &true.into())
    );
    assert_eq!(find(&three.to_string()), None);
    assert_eq!(find(&lost.to_string()), None);
    // One that was only added leaves nothing behind.
    assert_eq!(
        ask(
            &edge,
            &format!("DELETE {servers}/{kept}?persist=true"),
            "",
            ""
        )
        .status,
        200
    );
    let saved = fs::read_to_string(edge.path("state.json")).unwrap();
    assert!(!saved.contains(&kept.to_string()), "{saved}");
    assert!(saved.contains("\"version\": 1"), "{saved}");
}

#[test]
fn all_that_is_configured_may_be_replaced() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let mut edge = Edge::start(&(ADMIN.to_owned() + &proxy_to(&[server(one.address, "")])));
    let servers = "/api/v1/upstreams/web/servers";
    let body = format!("{{\"address\": \"{}\", \"persist\": true}}", two.address);
    assert_eq!(
        ask(&edge, &format!("POST {servers}"), "", &body).status,
        201
    );
    let gone = ask(
        &edge,
        &format!("DELETE {servers}/{}?persist", one.address),
        "",
        "",
    );
    assert_eq!(gone.status, 200);
    edge.restart();
    assert_eq!(states(&edge), [(two.address.to_string(), "up".to_owned())]);
    assert_eq!(edge.get("/").text(), "two");
}

#[test]
fn a_bad_file_is_refused_and_stays_as_it_is() {
    let one = Origin::saying("one");
    let config = ADMIN.to_owned() + &proxy_to(&[server(one.address, "")]);
    let edge = Edge::start(&config);
    for bad in [
        "{",
        "{\"version\": 2, \"servers\": []}",
        "{\"version\": 1, \"upstreams\": {\"web\": {\"somewhere\": {}}}}",
        "{\"version\": 1, \"upstreams\": {}, \"more\": 1}",
    ] {
        fs::write(edge.path("state.json"), bad).unwrap();
        let output = edge.command("check");
        assert_eq!(output.status.code(), Some(1), "{bad}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("admin.state_file state.json is not understood"),
            "{said}"
        );
        let started = edge.command("run");
        assert_eq!(started.status.code(), Some(1), "{started:?}");
        let said = String::from_utf8(started.stderr).unwrap();
        assert!(said.contains("is not understood"), "{said}");
        assert_eq!(fs::read_to_string(edge.path("state.json")).unwrap(), bad);
    }
}

#[test]
fn what_cannot_be_written_is_not_changed() {
    let one = Origin::saying("one");
    let admin = "[admin]\nstate_file = \"none/state.json\"\n";
    let edge = Edge::start(&(admin.to_owned() + &proxy_to(&[server(one.address, "")])));
    let line = format!("PATCH /api/v1/upstreams/web/servers/{}", one.address);
    let reply = ask(&edge, &line, "", "{\"state\": \"down\", \"persist\": true}");
    assert_eq!(reply.status, 500);
    assert!(
        value(&reply)["error"]
            .as_str()
            .unwrap()
            .contains("nothing was changed")
    );
    assert_eq!(states(&edge)[0].1, "up");
}
