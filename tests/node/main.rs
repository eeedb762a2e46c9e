//! A whole node from its real programs: two Web Apps with their services behind the edge.
//!
//! The programs are those of this workspace, built before (`make test` does); nothing is stood in
//! for. What is shown here is what the product is for: a chart through every layer, and no failed
//! request while servers die, return and configurations change.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod client;
mod load;
mod process;
mod up;

use std::time::Duration;

use lab::eventually;
use serde_json::{Value, json};

use crate::client::post;
use crate::load::Load;
use crate::process::{Backend, Edge, free_ports};

/// The pair of seed §5.6: node 1 with weight 2, node 2 with weight 1 as backup.
fn seed_pair(primary: &Backend, backup: &Backend) -> String {
    format!(
        r#"
[upstream.web_app]
[[upstream.web_app.server]]
address = "{}"
weight = 2
max_fails = 3
fail_timeout = "30s"
[[upstream.web_app.server]]
address = "{}"
weight = 1
max_fails = 3
fail_timeout = "30s"
backup = true
[upstream.web_app.health_check]
path = "/health"
interval = "200ms"
timeout = "1s"
rise = 2
fall = 3
[[site]]
max_body = "10k"
gzip = {{ level = 6, min_length = "1k", types = ["application/json"] }}
access_log = {{ path = "access.log", format = "json" }}
[[site.route]]
path = "/"
proxy = {{ to = "web_app" }}
"#,
        primary.web, backup.web
    )
}

fn birth() -> Value {
    json!({ "solar_date": "1990-06-15", "solar_time": "12:30", "gender": "male" })
}

const CALCULATE: &str = "/api/v1/bazi/calculate";

#[test]
fn a_chart_comes_through_every_layer() {
    let backend = Backend::start(free_ports());
    let edge = Edge::start(&seed_pair(&backend, &Backend::not_running()));
    let reply = post(edge.http, CALCULATE, &birth().to_string());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer: Value = serde_json::from_str(reply.text()).unwrap();
    let bazi = &answer["data"]["bazi"];
    let pillars = ["year", "month", "day", "hour"].map(|position| {
        let pillar = &bazi["bazi_pillars"][position];
        format!(
            "{}{}",
            pillar["stem"].as_str().unwrap(),
            pillar["branch"].as_str().unwrap()
        )
    });
    assert_eq!(pillars, ["庚午", "壬午", "辛亥", "甲午"]);
    assert_eq!(answer["data"]["rizhu"], "辛亥");
    assert_eq!(bazi["details"]["day"]["kongwang"], "寅卯");
    assert_eq!(
        bazi["element_counts"],
        json!({ "木": 1, "火": 3, "土": 0, "金": 2, "水": 2 })
    );
    assert!(reply.header("x-process-time").is_some());
    assert!(reply.header("x-request-id").is_some());
    assert_eq!(reply.header("server"), Some("hifate-edge"));
}

#[test]
fn bad_input_is_named_and_a_body_too_large_stops_at_the_edge() {
    let backend = Backend::start(free_ports());
    let edge = Edge::start(&seed_pair(&backend, &Backend::not_running()));
    let mut wrong = birth();
    wrong["solar_date"] = json!("1990-02-30");
    wrong["gender"] = json!("x");
    let reply = post(edge.http, CALCULATE, &wrong.to_string());
    assert_eq!(reply.status, 400);
    let answer: Value = serde_json::from_str(reply.text()).unwrap();
    assert_eq!(answer["success"], false);
    assert_eq!(answer["error_type"], "validation_error");
    let text = reply.text();
    assert!(
        text.contains("solar_date") && text.contains("gender"),
        "{text}"
    );
    assert_eq!(post(edge.http, CALCULATE, "{").status, 400);
    let reply = post(edge.http, CALCULATE, &" ".repeat(10 * 1024 + 1));
    assert_eq!(reply.status, 413);
    assert_eq!(reply.header("server"), Some("hifate-edge"));
}

#[test]
fn no_request_fails_while_the_primary_dies_and_returns() {
    let primary = Backend::start(free_ports());
    let backup = Backend::start(free_ports());
    let edge = Edge::start(&seed_pair(&primary, &backup));
    let answered = |server: &Backend| edge.answered_by(server);
    let load = Load::start(edge.http, "/openapi.json");
    eventually("the primary takes the traffic", || answered(&primary) > 200);
    assert_eq!(answered(&backup), 0);

    let ports = primary.ports;
    primary.kill();
    eventually("the backup takes the traffic", || answered(&backup) > 200);
    eventually("the primary is known to be out", || {
        edge.log().contains("unhealthy")
    });

    let primary = Backend::start(ports);
    let before = answered(&primary);
    eventually("the primary takes the traffic back", || {
        answered(&primary) > before + 200
    });
    eventually("the backup rests", || {
        let resting = answered(&backup);
        std::thread::sleep(Duration::from_millis(200));
        answered(&backup) == resting
    });
    let requests = load.end();
    assert!(requests > 600, "{requests} requests, none failed");
}

#[test]
fn no_request_fails_while_the_configuration_changes_and_a_broken_one_changes_nothing() {
    let (one, two) = (Backend::start(free_ports()), Backend::start(free_ports()));
    let edge = Edge::start(&seed_pair(&one, &two));
    let load = Load::start(edge.http, "/openapi.json");
    eventually("the first takes the traffic", || {
        edge.answered_by(&one) > 100
    });

    edge.configure(&seed_pair(&two, &one));
    edge.signal("HUP");
    eventually("the other takes the traffic", || {
        edge.answered_by(&two) > 100
    });

    edge.configure("[[listener]]\naddres = 1\n");
    edge.signal("HUP");
    eventually("the refusal is logged", || {
        edge.log().contains("configuration refused")
    });
    let log = edge.log();
    assert!(
        log.contains("edge.toml:") && log.contains("addres"),
        "{log}"
    );
    let before = edge.answered_by(&two);
    eventually("the traffic goes on", || {
        edge.answered_by(&two) > before + 100
    });
    let requests = load.end();
    assert!(requests > 300, "{requests} requests, none failed");
    assert_eq!(
        edge.log_lines("access.log", requests),
        requests,
        "every request is logged"
    );
}
