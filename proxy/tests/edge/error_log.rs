//! The edge's own log: its form, its levels, its file.

use std::fs;
use std::process::Output;

use crate::http::{get, request};
use crate::origin::Origin;
use crate::process::{Edge, command, proxy_to, server};

fn start(error_log: &str, origin: &Origin) -> Edge {
    Edge::start(&config(error_log, origin))
}

fn config(error_log: &str, origin: &Origin) -> String {
    let process = format!("[server]\nthreads = 1\nerror_log = {{ {error_log} }}\n");
    process + &proxy_to(&[server(origin.address, "")])
}

fn log(edge: &Edge, arguments: &[&str]) -> Output {
    let mut command = command();
    command.args(["log", "--admin", &edge.admin.to_string()]);
    command.args(arguments).output().unwrap()
}

fn says(edge: &Edge, arguments: &[&str]) -> String {
    let outcome = log(edge, arguments);
    assert!(outcome.status.success(), "{outcome:?}");
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn lines_are_json_whoever_they_are_of() {
    let origin = Origin::saying("x");
    // pingora says at this level that it starts.
    let edge = start("format = \"json\", level = \"trace\"", &origin);
    edge.get("/");
    edge.eventually("pingora has something to say", || {
        edge.log().contains("pingora")
    });
    let log = edge.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let of = |module: &str| {
        let target = |line: &&serde_json::Value| {
            line["target"]
                .as_str()
                .is_some_and(|target| target.starts_with(module))
        };
        lines.iter().find(target).cloned()
    };
    let starting = of("hifate_edge").expect("lines of the edge");
    assert_eq!(
        (&starting["message"], &starting["level"]),
        (&"starting".into(), &"INFO".into())
    );
    assert_eq!(starting["threads"], 1);
    assert!(of("pingora").is_some(), "{log}");
}

#[test]
fn levels_change_by_reload_and_by_operators() {
    let origin = Origin::saying("x");
    let edge = start("levels = { \"hifate_edge::control\" = \"error\" }", &origin);
    let listening = || edge.log().matches("listening").count();
    assert_eq!(listening(), 0, "{}", edge.log());
    assert_eq!(
        says(&edge, &[]),
        "info hifate_edge::control=error (set by: configuration)\n"
    );
    edge.configure(&config("level = \"info\"", &origin));
    assert!(edge.reload().status.success());
    edge.eventually("the reload is told", || {
        edge.log().contains("configuration reloaded")
    });
    assert!(
        !edge.log().contains("takes effect with an upgrade"),
        "{}",
        edge.log()
    );
    let said = says(&edge, &["warn", "h2=debug", "hifate_edge::control=trace"]);
    assert_eq!(
        said,
        "warn h2=debug hifate_edge::control=trace (set by: operator)\n"
    );
    // A reload that says nothing else of it leaves it alone.
    assert!(edge.reload().status.success());
    assert_eq!(says(&edge, &[]), said);
    let patch = "{\"levels\": {\"h2\": null}}";
    let length = patch.len();
    let reply = request(
        edge.admin,
        &format!(
            "PATCH /api/v1/log HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{patch}"
        ),
    );
    let expected = "{\"level\":\"warn\",\"levels\":{\"hifate_edge::control\":\"trace\"},\"set_by\":\"operator\"}";
    assert_eq!((reply.status, reply.text()), (200, expected));
    assert_eq!(says(&edge, &["--reset"]), "info (set by: configuration)\n");
    assert_eq!(get(edge.admin, "/api/v1/log").status, 200);
}

#[test]
fn nonsense_is_refused() {
    let origin = Origin::saying("x");
    let edge = start("level = \"info\"", &origin);
    for arguments in [
        &["loud"][..],
        &["h2=loud"],
        &["h-2=debug"],
        &["debug", "--reset"],
    ] {
        assert_eq!(
            log(&edge, arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    for body in [
        "{\"level\": \"loud\"}",
        "{\"levels\": {\"a b\": \"info\"}}",
        "{\"lvl\": 1}",
    ] {
        let length = body.len();
        let patch = format!(
            "PATCH /api/v1/log HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        assert_eq!(request(edge.admin, &patch).status, 400, "{body}");
    }
    assert_eq!(says(&edge, &[]), "info (set by: configuration)\n");
    edge.signal("TERM");
    edge.eventually("it ends", || edge.processes().is_empty());
    assert_eq!(log(&edge, &[]).status.code(), Some(1), "nobody is there");
}

#[test]
fn usr1_opens_the_error_log_again() {
    let origin = Origin::saying("x");
    let edge = start("path = \"error.log\"", &origin);
    let read = |name: &str| fs::read_to_string(edge.path(name)).unwrap_or_default();
    edge.eventually("something is said", || {
        read("error.log").contains("listening")
    });
    fs::rename(edge.path("error.log"), edge.path("error.log.1")).unwrap();
    edge.signal("USR1");
    edge.eventually("the file is there again", || {
        edge.path("error.log").exists()
    });
    assert!(edge.reload().status.success());
    edge.eventually("it is written to", || {
        read("error.log").contains("configuration reloaded")
    });
    assert!(!read("error.log.1").contains("configuration reloaded"));
}
