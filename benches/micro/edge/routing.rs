//! Finding site and route, by how many there are. The configuration is read as from a file.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use edge_core::config::{Config, file};
use edge_core::expression::Captures;
use edge_core::http::{RequestHead, normalise_path};
use edge_core::route::{Asked, Choice, Router};
use edge_core::template::Template;
use serde_json::{Value, json};

const COUNTS: [usize; 3] = [1, 100, 10_000];

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge/find site and route");
    for count in COUNTS {
        let config = config(count, &[]);
        let host = format!("site{}.example.com", count - 1);
        let id = BenchmarkId::new("sites", count);
        find(&mut group, id, &config, (&host, "/"));
    }
    for (kind, pattern, path) in [
        ("exact", as_exact as fn(usize) -> Value, "/page{}"),
        ("prefix", as_prefix, "/part{}/bazi/charts/42"),
    ] {
        for count in COUNTS {
            let routes: Vec<_> = (0..count).map(pattern).collect();
            let config = config(1, &routes);
            // One in the middle.
            let path = path.replace("{}", &(count / 2).to_string());
            let id = BenchmarkId::new(format!("{kind} routes"), count);
            find(&mut group, id, &config, ("site0.example.com", &path));
        }
    }
    group.finish();
}

fn as_exact(number: usize) -> Value {
    json!({ "exact": format!("/page{number}") })
}

fn as_prefix(number: usize) -> Value {
    json!(format!("/part{number}/"))
}

/// So many sites with these routes, each of them with one for everything else.
fn config(sites: usize, routes: &[Value]) -> Config {
    let routes = routes.iter().cloned().chain([json!("/")]);
    let routes: Vec<_> = routes
        .map(|path| json!({ "path": path, "respond": { "status": 204 } }))
        .collect();
    let site = |number| json!({ "names": [format!("site{number}.example.com")], "route": routes });
    let sites: Vec<_> = (0..sites).map(site).collect();
    let written = json!({ "listener": [{ "address": "127.0.0.1:80" }], "site": sites });
    let written: file::Config = serde_json::from_value(written).expect("keys that there are");
    Config::from_file(&written).expect("a configuration that is right")
}

/// As for each request: from its Host and target to a route. It has to be one of those that are named,
/// if there are any.
fn find(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    config: &Config,
    (host, path): (&str, &str),
) {
    let text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let head = RequestHead::parse(text.as_bytes()).expect("a head that is right");
    let router = Router::new(&config.sites);
    let listener = &config.listeners.first().expect("a listener").address;
    let choose = || {
        let site = router.site(listener, black_box(host)).site;
        let path = normalise_path(black_box(path)).unwrap_or_default();
        let asked = Asked {
            head: &head,
            path: &path,
            inside: false,
            route: None,
            rewritten: false,
        };
        let render = |_: Option<usize>, _: &Template, _: &Captures| Vec::new();
        (site, router.choose(site, &asked, render))
    };
    let (site, choice) = choose();
    let routes = &config.sites.get(site).expect("a site").routes;
    let expected = Choice::Route((routes.len() - 1) / 2);
    assert_eq!((site, choice), (config.sites.len() - 1, expected));
    group.bench_function(id, |bencher| bencher.iter(choose));
}
