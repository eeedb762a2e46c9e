use std::collections::BTreeMap;
use std::num::NonZeroU32;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;
use settings::{Period, Size};

use settings::{Place, Problem};

use super::*;

mod blocks;

/// A configuration with one of everything that ours are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    server: Server,
    #[serde(default)]
    listener: Vec<Listener>,
    #[serde(default)]
    upstream: BTreeMap<String, Upstream>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Server {
    threads: u16,
    graceful_timeout: Period,
    max_body: Option<Size>,
    log: Option<Log>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Log {
    Switch(bool),
    Path(String),
    File(File),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// As Apache writes it.
    #[default]
    Combined,
    /// One object on each line.
    Json,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listener {
    address: String,
    #[serde(default)]
    http2: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Upstream {
    #[serde(default)]
    balance: Option<Balance>,
    health_check: Option<Check>,
    server: Vec<Peer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Balance {
    RoundRobin,
    LeastConn,
    #[serde(untagged)]
    Hash {
        hash: String,
        #[serde(default)]
        consistent: bool,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Check {
    Tcp { interval: Period },
    Http { interval: Period, path: String },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Peer {
    address: String,
    weight: Option<NonZeroU32>,
}

fn document(text: &str) -> Result<Document, Report> {
    let env = |name: &str| (name == "NODE_IP").then(|| "10.0.0.1".to_owned());
    Document::parse("edge.toml", text, &env)
}

fn refused(text: &str) -> Report {
    match document(text).and_then(|document| document.read::<Written>().into_written()) {
        Ok(written) => panic!("accepted: {written:?}"),
        Err(report) => report,
    }
}

fn lines(text: &str) -> String {
    refused(text).lines().collect::<Vec<_>>().join("\n")
}

const RIGHT: &str = r#"
        [server]
        threads = 2
        graceful_timeout = "30s"
        log = { path = "/var/log/edge.log", format = "json" }
        [[listener]]
        address = "${NODE_IP}:${PORT:-80}"
        [upstream.web]
        balance = { hash = "$request_uri" }
        health_check = { type = "tcp", interval = "3s" }
        [[upstream.web.server]]
        address = "10.0.0.2:80"
        weight = 2
    "#;

#[test]
fn reads_what_is_right() {
    let written: Written = document(RIGHT).unwrap().read().into_written().unwrap();
    assert_eq!(written.listener[0].address, "10.0.0.1:80");
    assert!(!written.listener[0].http2);
    assert_eq!(written.server.threads, 2);
    assert_eq!(written.server.graceful_timeout.0.as_secs(), 30);
    assert!(written.server.max_body.is_none());
    assert!(matches!(&written.server.log, Some(Log::File(file))
        if matches!(file.format, Format::Json) && file.path.ends_with("edge.log")));
    let web = &written.upstream["web"];
    assert!(
        matches!(&web.balance, Some(Balance::Hash { hash, consistent: false })
        if hash == "$request_uri")
    );
    assert!(
        matches!(&web.health_check, Some(Check::Tcp { interval }) if interval.0.as_secs() == 3)
    );
    assert_eq!(web.server[0].weight.map(NonZeroU32::get), Some(2));
    assert_eq!(web.server[0].address, "10.0.0.2:80");
    let http =
        "[upstream.web]\nserver = []\nhealth_check = { type = 'http', interval = 0, path = '/h' }";
    let written: Written = document(http).unwrap().read().into_written().unwrap();
    assert!(
        matches!(&written.upstream["web"].health_check, Some(Check::Http { interval, path })
        if interval.0.is_zero() && path == "/h")
    );
    let short: Written = document("server.log = false")
        .unwrap()
        .read()
        .into_written()
        .unwrap();
    assert!(matches!(short.server.log, Some(Log::Switch(false))));
    let path: Written = document("server.log = 'x'")
        .unwrap()
        .read()
        .into_written()
        .unwrap();
    assert!(matches!(path.server.log, Some(Log::Path(path)) if path == "x"));
}

#[test]
fn shows_every_mistake_at_its_place() {
    let text = r#"# A site
[server]
threads = "four"
gracefull_timeout = "30s"
max_body = "10MB"

[[listener]]
adress = "${NODE_IP}:80"

[[listener]]
address = "${NOBODY}:443"
http2 = "yes"

[upstream.web]
balance = "round_robbin"
server = [{ address = "10.0.0.2:80", weight = 0 }]
"#;
    assert_snapshot!(refused(text));
}

#[test]
fn says_it_in_one_line_each_for_logs() {
    assert_snapshot!(lines("[server]\ngraceful_timeout = 30\nlog = 5\nthreads = 70000\n"), @r#"
    edge.toml:2:20: expected a duration such as "30s", "250ms" or "1h30m", found the bare number 30 (did you mean "30s"?)
    edge.toml:3:7: expected a boolean, a string or a table, found an integer
    edge.toml:4:11: must be at most 65535
    "#);
}

#[test]
fn follows_the_way_of_writing_that_was_meant() {
    let text = r#"
[upstream.a]
server = []
health_check = { type = "htpp", interval = "1s" }
[upstream.b]
server = []
health_check = { type = "http", interval = "1s" }
[upstream.c]
server = []
health_check = { interval = "1s" }
[upstream.d]
server = []
balance = { hsah = "$uri" }
[upstream.e]
server = "10.0.0.2:80"
balance = ["ip_hash"]
health_check = { type = 1 }
[server.log]
path = "x"
format = "jsom"
"#;
    assert_snapshot!(lines(text), @r"
    edge.toml:4:25: `htpp` is not one of `tcp`, `http` (did you mean `http`?)
    edge.toml:7:1: the key `path` is missing
    edge.toml:10:1: the key `type` is missing
    edge.toml:13:13: unknown key `hsah` (did you mean `hash`?)
    edge.toml:15:10: expected an array, found a string
    edge.toml:16:1: expected a string or a table, found an array
    edge.toml:17:25: expected a string, found an integer
    edge.toml:20:10: `jsom` is not one of `combined`, `json` (did you mean `json`?)
    ");
}

/// Lengths and patterns, which few types have.
#[test]
fn says_how_long_and_of_what_form() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Formed {
        #[schemars(length(min = 1))]
        #[expect(dead_code, reason = "nothing is read")]
        name: String,
        #[schemars(regex(pattern = "^[a-z]+$"))]
        #[expect(dead_code, reason = "nothing is read")]
        word: String,
        #[schemars(length(min = 2))]
        #[expect(dead_code, reason = "nothing is read")]
        list: Vec<u16>,
    }
    let document = document("name = ''\nword = 'A'\nlist = [1]\n").unwrap();
    let report = document.read::<Formed>().into_written().unwrap_err();
    assert_snapshot!(report.lines().collect::<Vec<_>>().join("\n"), @r"
    edge.toml:1:8: must not be empty
    edge.toml:2:8: `A` does not match `^[a-z]+$`
    edge.toml:3:1: expected at least 2 of them, found 1
    ");
}

#[test]
fn shows_syntax_errors_alike() {
    assert_snapshot!(refused("[server]\nthreads = \n[listener\n"));
}

#[test]
fn an_unreadable_file_is_a_report_too() {
    let report = Document::load(Path::new("/nonexistent/edge.toml")).unwrap_err();
    assert_snapshot!(report, @"/nonexistent/edge.toml: cannot be read: No such file or directory (os error 2)");
}

#[test]
fn finds_the_lines_of_later_problems() {
    let text = "[[listener]]\naddress = '0.0.0.0:80'\n\n[upstream.web]\nserver = [\n  { address = 'x' },\n]\n";
    let server = Place::root()
        .key("upstream")
        .key("web")
        .key("server")
        .index(0);
    let address = Place::root().key("listener").index(0).key("address");
    let problems = vec![
        Problem::new(&server.key("address"), "not an address"),
        Problem::new(&server.key("weight"), "absent, so its table is shown"),
        Problem::new(&address, "taken").other(&server),
        Problem::new(&Place::root().key("site"), "no site"),
    ];
    let document = document(text).unwrap();
    let reading = document.read::<Written>();
    let report = reading.meant(|_| Err::<(), _>(problems)).unwrap_err();
    assert_snapshot!(report.lines().collect::<Vec<_>>().join("\n"), @r"
    edge.toml:1:1: no site
    edge.toml:2:11: taken (edge.toml:6)
    edge.toml:6:3: absent, so its table is shown
    edge.toml:6:15: not an address
    ");
}

/// What is refused is left out, and the rest is judged without it.
#[test]
fn problems_of_the_rest_are_told_without_consequences() {
    let text = r#"
[server]
threads = "four"
[[listener]]
address = 5
[[listener]]
adress = "b"
http2 = 1
[[listener]]
adress = 6
[upstream.web]
balance = "round_robbin"
server = [{ weight = 2 }, { address = "x", weight = "1" }]
[upstream.db]
"#;
    let document = document(text).unwrap();
    let reading = document.read::<Written>();
    let root = Place::root();
    let meaning = |written: &Written| {
        let listener = &written.listener;
        assert_eq!((listener.len(), listener[0].address.as_str()), (1, "b"));
        assert_eq!(written.upstream.len(), 1, "`db` has no servers");
        let web = root.key("upstream").key("web");
        let server = web.key("server").index(0);
        assert_eq!(written.upstream["web"].server[0].address, "x");
        Err::<(), _>(vec![
            Problem::new(&root.key("listener"), "there are not two listeners"),
            Problem::new(
                &root.key("listener").index(0).key("address"),
                "`b` is no address",
            ),
            Problem::new(&server.key("address"), "`x` is no address"),
            Problem::new(&server.key("weight"), "the weight is wrong"),
            Problem::new(&root.key("server"), "there are no threads"),
            Problem::new(&web, "`db` is not there").rests_on(root.key("upstream").key("db")),
            Problem::new(&web.key("server"), "`cache` is not there")
                .rests_on(root.key("upstream").key("cache")),
        ])
    };
    let report = reading.meant(meaning).unwrap_err();
    assert_snapshot!(report.lines().collect::<Vec<_>>().join("\n"));
}

proptest! {
    /// Whatever is done to a good file, it is read or refused with a reason that can be drawn.
    #[test]
    fn any_damage_is_read_or_explained(
        at in 0..RIGHT.len(),
        removed in 0usize..12,
        inserted in "[\\PC\n]{0,6}",
    ) {
        let kept = RIGHT.char_indices().filter(|(place, _)| !(at..at + removed).contains(place));
        let (before, after): (Vec<_>, Vec<_>) = kept.partition(|(place, _)| *place < at);
        let text = |part: Vec<(usize, char)>| part.into_iter().map(|(_, c)| c).collect::<String>();
        let damaged = text(before) + &inserted + &text(after);
        if let Err(report) = document(&damaged).and_then(|document| document.read::<Written>().into_written()) {
            prop_assert!(report.lines().count() > 0);
            prop_assert!(!report.to_string().is_empty());
        }
    }
}
