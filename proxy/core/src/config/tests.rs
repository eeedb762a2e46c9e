use super::*;
use crate::address::Peer;

mod policy;

/// Reads TOML as the edge does, without the loader's spans.
fn meant(text: &str) -> Result<Config, Vec<String>> {
    let written: file::Config = toml::from_str(text).expect("the shape is right");
    Config::from_file(&written)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const SEED: &str = r#"
[[listener]]
address = "0.0.0.0:80"
[upstream.web_app]
[[upstream.web_app.server]]
address = "172.16.0.10:8001"
weight = 2
max_fails = 3
fail_timeout = "30s"
[[upstream.web_app.server]]
address = "172.16.0.11:8001"
backup = true
[upstream.web_app.health_check]
path = "/health"
[[site]]
names = ["your-domain.com"]
access_log = { path = "/var/log/hifate/access.log" }
max_body = "10M"
[[site.route]]
path = "/health"
access_log = false
proxy = { to = "web_app", uri = "/health" }
[[site.route]]
path = "/"
proxy = { to = "web_app" }
"#;

#[test]
fn the_seed_s_configuration() {
    let config = meant(SEED).unwrap();
    let everywhere = Listener::new("0.0.0.0:80".parse().unwrap());
    assert_eq!(config.listeners, [everywhere]);
    let upstream = &config.upstreams[0];
    assert_eq!(upstream.servers[0].settings.weight.get(), 2);
    assert!(upstream.servers[1].settings.backup);
    assert_eq!(
        upstream.probe.as_ref().unwrap().interval,
        Duration::from_secs(2)
    );
    let site = &config.sites[0];
    assert_eq!(site.label, "your-domain.com");
    assert!(site.routes[0].terms.access_log.is_none());
    assert!(site.routes[1].terms.access_log.is_some());
    assert_eq!(site.routes[1].terms.max_body, Some(10 << 20));
    let Action::Proxy(proxy) = &site.routes[0].action else {
        panic!("the first route goes to an upstream");
    };
    assert_eq!(
        proxy.uri,
        Some(ProxyUri::Fixed(Replacement {
            of: "/health".into(),
            with: "/health".into()
        }))
    );
}

/// Everything that can be wrong beyond the shape, all reported at once.
#[test]
#[expect(clippy::too_many_lines, reason = "one file with every mistake in it")]
fn every_mistake_is_reported_at_once() {
    let problems = meant(
        r#"
[server]
threads = 5000
[admin]
listen = "localhost:9180"
[[listener]]
address = "0.0.0.0"
[[listener]]
address = "::1:80"
[[listener]]
address = "127.0.0.1:80"
[[listener]]
address = "127.0.0.1:80"
backlog = 0
ipv6_only = true
mode = "0660"
[[listener]]
address = "unix:edge.sock"
[[listener]]
address = "unix:/run/edge.sock"
mode = "rw"
keepalive = { idle = "250ms", probes = 500 }
[[listener]]
address = "[::]:80"
proxy_protocol = { from = ["10.0.0.1/8", "lb"] }
[[listener]]
address = "[::]:81"
proxy_protocol = { from = [] }
[client]
header_timeout = 0
keepalive_requests = 0
max_uri = "64k"
max_headers = 1000
trusted = ["10.0.0.1", "unix:", "10.0.0.0/33"]
real_ip_header = "X_Real"
[upstream.empty]
[upstream.web_app]
retry = { on = ["eror", "http_505", "off"] }
[[upstream.web_app.server]]
address = "10.0.0.1:80"
backup = true
weight = 0
[[upstream.web_app.server]]
address = "10.0.0.1:80"
backup = true
[upstream.web_app.health_check]
path = "health"
interval = "0s"
fall = 0
[[site]]
names = ["a.com", "a*.com", "A.com", "b.com:80"]
access_log = { path = "x", format = "$nosuch" }
gzip = { level = 10 }
[[site.route]]
path = "docs"
access_log = true
proxy = { to = "web_ap", uri = "x" }
[[site.route]]
path = { regex = "(" }
proxy = { to = "web_app" }
[[site.route]]
path = { regex = "a" }
proxy = { to = "web_app", uri = "/x", read_timeout = 0 }
[[site.route]]
path = { regex = "a" }
proxy = { to = "web_app" }
[[site]]
names = ["c.com"]
gzip = {}
compress = {}
[[site.route]]
path = "/"
proxy = { to = "web_app" }
[[site]]
names = ["d.com"]
compress = { gzip = 0, brotli = 12, zstd = 20, prefer = ["br", "gzip", "br"] }
[[site]]
names = ["e.com"]
compress = { prefer = [] }
"#,
    )
    .unwrap_err();
    let expected = [
        "server.threads: more than 1024 threads",
        "admin.listen: `localhost:9180` is not an IP address with a port (names are not looked up; write the address)",
        "listener[0].address: `0.0.0.0` is not an IP address with a port (add the port, such as \"0.0.0.0:80\")",
        "listener[1].address: `::1:80` is not an IP address with a port (write IPv6 addresses in brackets: \"[::1]:80\")",
        "listener[3].address: 127.0.0.1:80 is listened on twice [listener[2].address]",
        "listener[3].mode: only a Unix socket has permissions",
        "listener[3].ipv6_only: 127.0.0.1:80 is not IPv6",
        "listener[3].backlog: the backlog is a number from 1 to 2^31",
        "listener[4].address: `unix:edge.sock` is not an absolute path after `unix:` (\"unix:/run/hifate/edge.sock\")",
        "listener[5].keepalive.idle: whole seconds from 1 to 32767",
        "listener[5].keepalive.probes: a number from 1 to 127",
        "listener[5].mode: `rw` is no permission (octal digits, such as \"0660\")",
        "listener[5].keepalive: a Unix socket has no silent connections to probe",
        "listener[6].proxy_protocol.from[0]: `10.0.0.1/8` has bits after its prefix (\"10.0.0.0/8\")",
        "listener[6].proxy_protocol.from[1]: `lb` is neither an address nor a network such as 10.0.0.0/8",
        "listener[7].proxy_protocol.from: nobody could connect: name the load balancers ([\"10.0.0.0/8\"])",
        "client.header_timeout: a duration of 0 would always have passed",
        "client.keepalive_requests: must be at least 1",
        "client.max_headers: a number from 1 to 256",
        "client.max_uri: a size from 1 to max_header (32k)",
        "client.trusted[2]: `10.0.0.0/33` is neither an address nor a network such as 10.0.0.0/8",
        "client.real_ip_header: `X_Real` is no name of a header (\"X-Forwarded-For\", \"Forwarded\", \"X-Real-IP\")",
        "upstream.empty.server: upstream `empty` has no server (add [[upstream.empty.server]] with an address)",
        "upstream.web_app.health_check.path: the path `health` does not start with a slash (\"/health\")",
        "upstream.web_app.health_check.interval: a duration of 0 would always have passed",
        "upstream.web_app.health_check.fall: must be at least 1",
        "upstream.web_app.server: every server of upstream `web_app` is a backup",
        "upstream.web_app.server[0].weight: must be at least 1",
        "upstream.web_app.server[1].address: 10.0.0.1:80 is already a server of `web_app` [upstream.web_app.server[0].address]",
        "upstream.web_app.retry.on[0]: `eror` is no condition for a retry (did you mean \"error\"?)",
        "upstream.web_app.retry.on[1]: `http_505` is no condition for a retry (did you mean \"http_500\"?)",
        "upstream.web_app.retry.on[2]: `off` stands alone",
        "site[0].names[1]: `a*.com` is not a host name (\"example.com\", \"*.example.com\", \"www.example.*\", \"~^www[0-9]+\" or \"_\")",
        "site[0].names[3]: `b.com:80`: a name has no port and no path",
        "site[0].access_log.format: there is no variable `$nosuch`",
        "site[0].route[0].path: the path `docs` does not start with a slash (\"/docs\")",
        "site[0].route[0].proxy.uri: the path `x` does not start with a slash (\"/x\")",
        "site[0].route[0].proxy.to: there is no upstream `web_ap` (did you mean \"web_app\"?)",
        "site[0].route[1].path.regex: not a regular expression: unclosed group",
        "site[0].route[2].proxy.uri: a route with a regular expression has no prefix to replace",
        "site[0].route[2].proxy.read_timeout: a duration of 0 would always have passed",
        "site[0].route[3].path: `a` is already a route",
        "site[0].gzip.level: the level is a number from 1 to 9",
        "site[0].names[2]: `A.com` is already the name of a site [site[0].names[0]]",
        "site[1].compress: `gzip` is there too, and a site has one of them (`compress` offers gzip as well: compress = { gzip = 5 })",
        "site[2].route: the site has no route (add [[site.route]])",
        "site[2].compress.gzip: the level is a number from 1 to 9",
        "site[2].compress.brotli: the level is a number from 0 to 11",
        "site[2].compress.zstd: the level is a number from 1 to 19",
        "site[2].compress.prefer[2]: `br` is already in the list",
        "site[3].route: the site has no route (add [[site.route]])",
        "site[3].compress.prefer: nothing is offered (leave it out to offer all)",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn compression_by_gzip_alone_or_by_what_clients_like() {
    use crate::encoding::Coding::{self, Brotli, Gzip, Zstd};

    let offers = |line: &str| -> Vec<(Coding, u32)> {
        let text = SEED.replace("max_body = \"10M\"", line);
        let config = meant(&text).unwrap();
        let compression = config.sites[0].compression.as_ref().unwrap();
        assert_eq!(compression.min_length, 1024);
        assert_eq!(compression.types, ["application/json"]);
        let offers = compression.offers.iter();
        offers.map(|offer| (offer.coding, offer.level)).collect()
    };
    assert_eq!(offers("gzip = {}"), [(Gzip, 5)]);
    assert_eq!(offers("gzip = { level = 9 }"), [(Gzip, 9)]);
    assert_eq!(offers("compress = {}"), [(Zstd, 3), (Brotli, 4), (Gzip, 5)]);
    assert_eq!(
        offers("compress = { brotli = 0, prefer = [\"br\", \"gzip\"] }"),
        [(Brotli, 0), (Gzip, 5)]
    );
    assert!(meant(SEED).unwrap().sites[0].compression.is_none());
}

#[test]
fn an_empty_file_says_what_is_needed() {
    let problems = meant("").unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(problems[0].contains("there is no listener"), "{problems:?}");
    assert!(problems[1].contains("there is no site"), "{problems:?}");
}

#[test]
fn q7_the_uri_replaces_the_matched_prefix() {
    let health = Replacement {
        of: "/health".into(),
        with: "/health".into(),
    };
    assert_eq!(health.apply(b"/healthz", "/healthz?a=1"), "/healthz?a=1");
    assert_eq!(
        health.apply(b"/health/A", "/docs/../health/%41"),
        "/health/A"
    );
    let docs = Replacement {
        of: "/docs/".into(),
        with: "/v2/".into(),
    };
    assert_eq!(
        docs.apply(b"/docs/a b?", "/docs/a%20b%3F?q"),
        "/v2/a%20b%3F?q"
    );
}

/// nginx's `keepalive_requests`, `keepalive_time` and `keepalive_timeout 0`.
#[test]
fn t4_persistence_ends_with_requests_or_with_age() {
    let client = meant(&format!("[client]\nkeepalive_requests = 2\n{SEED}"))
        .unwrap()
        .client;
    let hour = Duration::from_hours(1);
    assert!(client.keepalive.allows(1, hour));
    assert!(!client.keepalive.allows(2, hour));
    assert!(!client.keepalive.allows(1, hour + Duration::from_millis(1)));
    let client = meant(&format!("[client]\nkeepalive_timeout = 0\n{SEED}"))
        .unwrap()
        .client;
    assert!(!client.keepalive.allows(1, Duration::ZERO));
}

#[test]
fn servers_may_be_silent_for_so_long_or_for_ever() {
    let silence = |line: &str| {
        let text = SEED.replace(
            "[upstream.web_app]\n",
            &format!("[upstream.web_app]\n{line}\n"),
        );
        meant(&text).unwrap().upstreams[0].keepalive.silence
    };
    assert_eq!(silence(""), Some(Duration::from_secs(10)));
    assert_eq!(silence("keepalive_silence = 0"), None);
}

/// SEED with `to` in the place of `from`.
fn changed(from: &str, to: &str) -> Result<Config, Vec<String>> {
    meant(&SEED.replace(from, to))
}

#[test]
fn mistakes_in_log_formats_are_named() {
    let log = "path = \"/var/log/hifate/access.log\"";
    let mistake = |more: &str| {
        changed(log, &format!("{log}, {more}"))
            .unwrap_err()
            .join("\n")
    };
    let unknown = mistake("format = '$remote_adr'");
    assert!(
        unknown.contains("there is no variable `$remote_adr`"),
        "{unknown}"
    );
    assert!(
        unknown.contains("did you mean `$remote_addr`?"),
        "{unknown}"
    );
    assert!(mistake("format = 'a $ b'").contains("not followed by the name"));
    assert!(mistake("if = '$nothing_'").contains("site[0].access_log.if"));
    assert!(mistake("format = 'json', escape = 'none'").contains("its own way of escaping"));
    let both = format!("{log}, format = '$status', escape = 'json', if = '$arg_a'");
    let config = changed(log, &both).unwrap();
    assert!(
        config.sites[0]
            .terms
            .access_log
            .as_ref()
            .unwrap()
            .condition
            .is_some()
    );
}

#[test]
fn who_is_told_reasons() {
    let with = |text: &str| meant(&format!("[errors]\nreason_to = {text}\n{SEED}"));
    let told = with("[\"10.0.0.0/8\", \"192.0.2.1\", \"fd00::/8\"]")
        .unwrap()
        .reason_to;
    let client = |text: &str| Peer::Ip(text.parse().unwrap());
    assert!(told.contains(client("10.9.8.7")) && told.contains(client("192.0.2.1")));
    assert!(!told.contains(client("192.0.2.2")));
    assert!(with("[\"10.0.0.0/33\"]").unwrap_err()[0].contains("10.0.0.0/33"));
    let loopback = meant(SEED).unwrap().reason_to;
    assert!(loopback.contains(client("::1")) && loopback.contains(client("127.0.0.1")));
    let sample = meant(&format!("[tracing]\nsample = 1.5\n{SEED}"));
    assert!(sample.unwrap_err()[0].contains("from 0 to 1"));
}
