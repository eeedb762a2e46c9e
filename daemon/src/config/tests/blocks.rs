//! Defaults, presets and included files.

use std::fs;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;
use settings::{Period, Place, Problem};

use super::super::*;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    threads: u16,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    site: Vec<Site>,
    #[serde(default)]
    upstream: BTreeMap<String, Upstream>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    connections: u16,
    names: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "site"))]
struct Site {
    name: String,
    #[serde(default)]
    header: BTreeMap<String, String>,
    #[serde(default)]
    route: Vec<Route>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "route"))]
#[expect(clippy::struct_field_names, reason = "a route has routes")]
struct Route {
    path: String,
    to: Option<String>,
    #[serde(default = "minute")]
    timeout: Period,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    route: Vec<Self>,
}

fn minute() -> Period {
    Period(std::time::Duration::from_mins(1))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "upstream"))]
struct Upstream {
    address: String,
}

fn lines(report: &Report) -> String {
    report.lines().collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Written {
    let document = Document::parse("edge.toml", text, &|_| None).unwrap();
    let written = document.read().into_written();
    written.unwrap_or_else(|report| panic!("{report}"))
}

fn refused(text: &str) -> String {
    let document = Document::parse("edge.toml", text, &|_| None).unwrap();
    lines(&document.read::<Written>().into_written().unwrap_err())
}

const BLOCKS: &str = r#"
[defaults.site]
header = { A = "default", B = "default", C = "default" }
[defaults.route]
timeout = "5s"
allow = ["10.0.0.0/8"]
[preset.first]
timeout = "10s"
to = "first"
[preset.second]
timeout = "20s"
header = { A = "preset", B = "preset" }
[[site]]
name = "a"
use = ["second"]
header = { A = "own" }
[[site.route]]
path = "/1"
[[site.route]]
path = "/2"
timeout = "1s"
use = ["first"]
allow = []
[[site.route.route]]
path = "/3"
use = ["first", "patient"]
[preset.patient]
timeout = "1h"
"#;

#[test]
fn own_keys_come_before_presets_and_presets_before_defaults() {
    let text = BLOCKS.replace("timeout = \"20s\"\n", "");
    let site = &read(&text).site[0];
    let header = |name: &str| site.header[name].as_str();
    assert_eq!(
        (header("A"), header("B"), header("C")),
        ("own", "preset", "default")
    );
    let [plain, used] = &*site.route else {
        panic!("{site:?}")
    };
    assert_eq!(plain.path, "/1");
    assert_eq!(plain.timeout.to_string(), "5s");
    assert_eq!(plain.allow, ["10.0.0.0/8"]);
    assert_eq!(used.timeout.to_string(), "1s");
    assert_eq!(used.to.as_deref(), Some("first"));
    assert!(used.allow.is_empty(), "lists are not joined");
    let inner = &used.route[0];
    assert_eq!(inner.timeout.to_string(), "1h", "the later preset counts");
    assert_eq!(inner.to.as_deref(), Some("first"));
}

#[test]
fn mistakes_in_presets_and_defaults_are_told_once_where_they_stand() {
    let text = r#"
[defaults.route]
timeot = "5s"
allow = "x"
route = []
[defaults.rout]
[preset.first]
tiemout = "1s"
to = 5
use = ["second"]
[preset.second]
route = [{ path = "/x", use = ["second"] }]
[[site]]
name = "a"
[[site.route]]
path = "/1"
use = ["first"]
[[site.route]]
path = "/2"
use = ["first", "secnd"]
[[site.route]]
use = ["nothing"]
[[site.route]]
path = "/4"
use = "first"
"#;
    assert_snapshot!(refused(text));
}

#[test]
fn what_an_unknown_preset_would_have_said_is_not_missed() {
    let document = Document::parse(
        "edge.toml",
        "[[site]]\nname = 'a'\nuse = ['nothing']\n[[site]]\nuse = ['none']\n",
        &|_| None,
    )
    .unwrap();
    let reading = document.read::<Written>();
    let site = Place::root().key("site").index(0);
    let meaning = |_: &Written| Err::<(), _>(vec![Problem::new(&site, "has nothing to do")]);
    let report = reading.meant(meaning).unwrap_err();
    assert_snapshot!(lines(&report), @r"
    edge.toml:3:8: there is no preset `nothing` (add [preset.nothing])
    edge.toml:5:8: there is no preset `none` (add [preset.none])
    ");
}

#[test]
fn a_preset_that_nobody_uses_is_a_warning() {
    let text = "[preset.idle]\nx = 1\n";
    let document = Document::parse("edge.toml", text, &|_| None).unwrap();
    let reading = document.read::<Written>();
    reading.meant(|_| Ok(())).unwrap();
    assert_snapshot!(lines(&reading.warnings(Vec::new())), @r#"edge.toml:1:9: warning: nobody uses the preset `idle` (leave it out, or write use = ["idle"] where it is meant)"#);
}

/// A folder with files, each with its text.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load(folder: &tempfile::TempDir) -> Result<Document, Report> {
    Document::load(&folder.path().join("edge.toml"))
}

/// Without the folder's name.
fn local(folder: &tempfile::TempDir, text: &str) -> String {
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn files_are_read_as_one() {
    let folder = folder(&[
        (
            "edge.toml",
            "include = ['sites/*.toml', 'more.toml', 'none/*.toml']\nthreads = 2\n[upstream.a]\naddress = 'a'\n[[site]]\nname = 'first'\n",
        ),
        ("sites/2.toml", "[[site]]\nname = 'third'\n"),
        ("sites/.#2.toml", "[[site]]\nname = 'fourth'\n"),
        (
            "sites/1.toml",
            "include = ['../inner.toml']\n[[site]]\nname = 'second'\nuse = ['p']\n",
        ),
        ("inner.toml", "[upstream.b]\naddress = 'b'\n"),
        (
            "more.toml",
            "[preset.p]\nheader = { A = 'x' }\n[limits]\nconnections = 5\n",
        ),
    ]);
    let document = load(&folder).unwrap();
    let written: Written = document.read().into_written().unwrap();
    let names: Vec<_> = written.site.iter().map(|site| site.name.as_str()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    assert_eq!(written.site[1].header["A"], "x");
    assert_eq!((written.threads, written.limits.connections), (2, 5));
    assert_eq!(written.upstream.len(), 2);
    assert_eq!(written.upstream["b"].address, "b");
}

#[test]
fn mistakes_are_told_in_the_files_that_have_them() {
    let folder = folder(&[
        (
            "edge.toml",
            "include = ['b.toml']\nthreads = 'x'\n[limits]\nnames = ['a']\n[upstream.a]\naddress = 'a'\n",
        ),
        (
            "b.toml",
            "# second\nthreads = 1\n[limits]\nnames = ['b']\n[upstream.a]\naddress = 'b'\n[[site]]\nnmae = 5\n",
        ),
    ]);
    let document = load(&folder).unwrap();
    let reading = document.read::<Written>();
    let report = reading.into_written().unwrap_err();
    assert_snapshot!(local(&folder, &lines(&report)), @r"
    edge.toml:2:11: expected an integer, found a string
    b.toml:2:11: `threads` is set already (edge.toml:2)
    b.toml:4:1: `limits.names` is set already (edge.toml:4)
    b.toml:6:11: `upstream.a.address` is set already (edge.toml:6)
    b.toml:8:1: unknown key `nmae` (did you mean `name`?)
    b.toml:8:8: expected a string, found an integer
    ");
}

#[test]
fn what_cannot_be_included_is_told_at_once() {
    let folder = folder(&[
        (
            "edge.toml",
            "include = ['a.toml', 'none.toml', '[', 'broken.toml', 'a.toml', '${NOBODY}.toml']\n",
        ),
        ("a.toml", "include = ['edge.toml', 5]\n"),
        ("broken.toml", "x = \ny = \n"),
    ]);
    let report = load(&folder).unwrap_err();
    assert_snapshot!(local(&folder, &lines(&report)));
    let cycle = Document::parse("x", "include = 'x'", &|_| None).unwrap_err();
    assert_snapshot!(lines(&cycle), @r#"x:1:11: expected an array of files, found a string (include = ["sites/*.toml"])"#);
}

#[test]
fn printing_says_where_everything_is_from_and_reads_the_same() {
    let folder = folder(&[
        (
            "edge.toml",
            "include = ['b.toml']\n[defaults.route]\ntimeout = '5s'\n[[site]]\nname = '$${a}'\nuse = ['p']\n[[site.route]]\npath = '/'\n[preset.p]\nheader = { A = 'x', 'b c' = \"y\\n\" }\n",
        ),
        (
            "b.toml",
            "threads = 0x10\n[limits]\nnames = []\n[[site]]\nname = 'b'\nheader = { 'X' = 'z' }\n",
        ),
    ]);
    let document = load(&folder).unwrap();
    let printed = document.read::<Written>().print();
    assert_snapshot!(local(&folder, &printed));
    let again = Document::parse("again.toml", printed.clone(), &|_| None).unwrap();
    let [first, second] = [&document, &again].map(|document| document.read::<Written>());
    let plain: String = printed
        .lines()
        .map(|line| line.split("  # from").next().unwrap().to_owned() + "\n")
        .collect();
    assert_eq!(second.print(), plain);
    let [first, second] = [first, second].map(|reading| reading.into_written().unwrap());
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

proptest! {
    /// Whatever is done to a good file, it is read or refused with a reason, and can be printed.
    #[test]
    fn any_damage_is_read_or_explained(
        at in 0..BLOCKS.len(),
        removed in 0usize..12,
        inserted in "[\\PC\n]{0,6}",
    ) {
        let before: String = BLOCKS.chars().take(at).collect();
        let after: String = BLOCKS.chars().skip(at + removed).collect();
        let damaged = before + &inserted + &after;
        let document = Document::parse("edge.toml", damaged, &|_| None);
        let told = match &document {
            Ok(document) => {
                let reading = document.read::<Written>();
                let printed = reading.print();
                match reading.into_written() {
                    Ok(written) => {
                        let again = Document::parse("again.toml", printed, &|_| None);
                        let again = again.unwrap().read::<Written>().into_written().unwrap();
                        prop_assert_eq!(format!("{written:?}"), format!("{again:?}"));
                        return Ok(());
                    }
                    Err(report) => report.to_string(),
                }
            }
            Err(report) => report.to_string(),
        };
        prop_assert!(!told.is_empty());
    }
}
