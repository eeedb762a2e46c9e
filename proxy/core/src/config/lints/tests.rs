use super::*;

/// Two nodes behind an edge, as it should be written.
const GOOD: &str = r#"
[[listener]]
address = "0.0.0.0:80"
[client]
max_header = "32k"
[upstream.web]
[upstream.web.retry]
tries = 2
[[upstream.web.server]]
address = "10.0.0.1:80"
[[upstream.web.server]]
address = "10.0.0.2:80"
backup = true
[upstream.web.health_check]
path = "/health"
[[site]]
names = ["example.com"]
[[site.route]]
path = { exact = "/docs" }
proxy = { to = "web" }
[[site.route]]
path = { regex = '\.js$' }
respond = { status = 404 }
[[site.route]]
path = "/"
proxy = { to = "web" }
"#;

fn warnings(text: &str) -> Vec<String> {
    let written: file::Config = toml::from_str(text).expect("the shape is right");
    let config = Config::from_file(&written).expect("the configuration is right");
    let machine = Machine {
        memory: Some(1 << 30),
    };
    let warnings = all(&written, &config, machine);
    warnings.iter().map(ToString::to_string).collect()
}

/// The only warning about `GOOD` with `to` in the place of `from`.
fn only(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let mut warnings = warnings(&GOOD.replacen(from, to, 1));
    assert_eq!(warnings.len(), 1, "{to}: {warnings:#?}");
    warnings.remove(0)
}

#[track_caller]
fn warns(from: &str, to: &str, at: &str, words: &str) {
    let warning = only(from, to);
    assert!(warning.starts_with(&format!("{at}: ")), "{warning}");
    assert!(warning.contains(words), "{warning}");
}

#[test]
fn what_is_well_written_has_no_warning() {
    assert_eq!(warnings(GOOD), Vec::<String>::new());
}

#[test]
fn of_paths() {
    let exact = "path = { exact = \"/docs\" }";
    let route = "site[0].route[0].path";
    warns(exact, "path = '/docs'", route, "also takes `/docs-private`");
    warns(
        exact,
        "path = { exact = '/a?b' }",
        route,
        "a query is no part",
    );
    warns(
        exact,
        "path = { exact = '/a%20b' }",
        route,
        "compared decoded",
    );
    warns(
        exact,
        "path = { exact = '/a//b' }",
        route,
        "slashes are merged",
    );
    warns(
        exact,
        "path = { exact = '/a/../b' }",
        route,
        "dots resolved",
    );
    let proxy = "path = { exact = \"/docs\" }\nproxy = { to = \"web\" }";
    for fine in [
        "path = { prefix = '/docs' }",
        "path = '/docs/'",
        "path = { regex = '^/docs' }",
    ] {
        assert_eq!(
            warnings(&GOOD.replace(exact, fine)),
            Vec::<String>::new(),
            "{fine}"
        );
    }
    let refusal = "path = '/.git'\nrespond = { status = 403 }";
    assert_eq!(
        warnings(&GOOD.replace(proxy, refusal)),
        Vec::<String>::new()
    );
}

#[test]
fn of_what_replaces_a_prefix() {
    let proxy = "path = { exact = \"/docs\" }\nproxy = { to = \"web\" }";
    let uri = "site[0].route[0].proxy.uri";
    let joined = "path = '/api/'\nproxy = { to = 'web', uri = '/v1' }";
    warns(
        proxy,
        joined,
        uri,
        "is asked for `/v1x` where the client asks for `/api/x`",
    );
    let doubled = "path = { prefix = '/api' }\nproxy = { to = 'web', uri = '/' }";
    warns(
        proxy,
        doubled,
        uri,
        "is asked for `//x` where the client asks for `/api/x`",
    );
}

#[test]
fn of_expressions() {
    let exact = "path = { exact = \"/docs\" }";
    let api = GOOD.replace(exact, "path = '/api/'");
    let static_files = api.replace("status = 404", "status = 200");
    let warnings_of = |text: &str| warnings(text).join("\n");
    let warning = warnings_of(&static_files);
    assert!(warning.starts_with("site[0].route[1].path: "), "{warning}");
    assert!(warning.contains("`/api/x.js` comes here"), "{warning}");
    assert!(warning.contains("[site[0].route[0].path]"), "{warning}");
    assert_eq!(warnings_of(&api), "", "a refusal holds everywhere");
    let first = static_files.replace("'/api/'", "{ prefix = '/api/', before_regex = true }");
    assert_eq!(warnings_of(&first), "");
    let same = api.replace("respond = { status = 404 }", "proxy = { to = 'web' }");
    assert_eq!(warnings_of(&same), "", "the same server is asked");
    warns(
        "regex = '\\.js$'",
        "regex = '.*'",
        "site[0].route[2].path",
        "takes every path",
    );
}

#[test]
fn of_sites() {
    let second = "[[site]]\nnames = ['_']\nroute = [{ path = '/', proxy = { to = 'web' } }]\n[[site]]\n\
                  route = [{ path = '/', proxy = { to = 'web' } }]\n[[site]]\nnames";
    warns(
        "[[site]]\nnames",
        second,
        "site[1]",
        "takes the names that are left",
    );
    warns(
        "\"example.com\"",
        "'example.com.'",
        "site[0].names[0]",
        "the dot at the end",
    );
    let deny = "allow = ['10.0.0.0/8']\n[[site.route]]\ndeny = ['10.1.0.0/16']";
    warns(
        "[[site.route]]",
        deny,
        "site[0].route[0].deny",
        "everybody may ask",
    );
}

#[test]
fn of_pages() {
    let site = "intercept_errors = true\n[[site.route]]";
    let words = "no page takes the place";
    warns("[[site.route]]", site, "site[0].intercept_errors", words);
    let route = "path = { exact = \"/docs\" }";
    let intercepts = format!("{route}\nintercept_errors = true");
    warns(
        route,
        &intercepts,
        "site[0].route[0].intercept_errors",
        words,
    );
    let with_page = format!("{intercepts}\nerror_page = {{ \"502\" = \"/sorry.html\" }}");
    assert_eq!(
        warnings(&GOOD.replace(route, &with_page)),
        Vec::<String>::new()
    );
    let of_site = format!("error_page = {{ \"502\" = \"/sorry.html\" }}\n{site}");
    assert_eq!(
        warnings(&GOOD.replacen("[[site.route]]", &of_site, 1)),
        Vec::<String>::new()
    );
}

#[test]
fn of_upstreams() {
    let upstream = "upstream.web";
    let weight = "address = \"10.0.0.1:80\"\nweight = 2";
    let at = "upstream.web.server[0].weight";
    warns(
        "address = \"10.0.0.1:80\"",
        weight,
        at,
        "the only primary server",
    );
    let backup = "backup = true\nweight = 3";
    warns(
        "backup = true",
        backup,
        "upstream.web.server[1].weight",
        "the only backup",
    );
    let check = "[upstream.web.health_check]\npath = \"/health\"";
    let never = GOOD
        .replace(check, "")
        .replace("0.1:80\"", "0.1:80\"\nmax_fails = 0");
    assert!(warnings(&never)[0].contains("nothing takes the primary servers out"));
    let down = GOOD.replace("80\"\nbackup", "80\"\ndown = true\nbackup");
    let down = down.replace("0.1:80\"", "0.1:80\"\ndown = true");
    assert!(warnings(&down)[0].contains("every server of upstream `web` is down"));
    let unused = "[upstream.db]\nserver = [{ address = '10.0.0.3:80' }]\n[[site]]";
    warns("[[site]]", unused, "upstream.db", "no route goes to");
    let asked = unused.to_owned() + "\nforward_auth = { to = 'db', uri = '/' }";
    assert_eq!(
        warnings(&GOOD.replace("[[site]]", &asked)),
        Vec::<String>::new()
    );
    let slow = "path = \"/health\"\ntimeout = '5s'";
    let at = format!("{upstream}.health_check.timeout");
    warns(
        "path = \"/health\"",
        slow,
        &at,
        "longer (5s) than it is to the next probe (2s)",
    );
    let tls = "[upstream.web.tls]\nverify = false\n[[site]]";
    warns("[[site]]", tls, "upstream.web.tls.verify", "not verified");
}

#[test]
fn of_retries_and_timeouts() {
    let backup = "[[upstream.web.server]]\naddress = \"10.0.0.2:80\"\nbackup = true\n";
    warns(backup, "", "upstream.web.retry.tries", "there is only one");
    let long = "tries = 2\ntimeout = '5s'\nper_try_timeout = '5s'";
    let at = "upstream.web.retry.per_try_timeout";
    warns("tries = 2", long, at, "after 5s there is no other");
    let stream = "proxy = { to = 'web', buffering = false, read_timeout = '500ms' }";
    let at = "site[0].route[0].proxy.read_timeout";
    warns("proxy = { to = \"web\" }", stream, at, "silent for 500ms");
}

#[test]
fn of_headers() {
    let at = "site[0].request_headers";
    let header = |text: &str| format!("[site.request_headers]\n{text}\n[[site.route]]");
    for host in ["$proxy_host", "web"] {
        let set = header(&format!("set = {{ host = '{host}' }}"));
        warns(
            "[[site.route]]",
            &set,
            &format!("{at}.set.host"),
            "see the upstream's name",
        );
    }
    let remove = header("remove = ['X-Forwarded-For']");
    warns(
        "[[site.route]]",
        &remove,
        &format!("{at}.remove[0]"),
        "do not learn",
    );
    let spoofed = header("set = { X-Real-IP = '$http_x_real_ip' }");
    warns(
        "[[site.route]]",
        &spoofed,
        &format!("{at}.set.X-Real-IP"),
        "what any client says",
    );
    let fine = header("set = { Host = 'internal.example.com', X-Forwarded-For = '$remote_addr' }");
    assert_eq!(
        warnings(&GOOD.replacen("[[site.route]]", &fine, 1)),
        Vec::<String>::new()
    );
}

#[test]
fn of_logs() {
    let log = |log: &str| format!("access_log = {log}\n[[site.route]]");
    let constant = log("{ path = 'a.log', if = '1' }");
    warns(
        "[[site.route]]",
        &constant,
        "site[0].access_log.if",
        "no variable",
    );
    let both = format!("[server]\nerror_log = {{ path = 'a.log' }}\n{GOOD}");
    let both = both.replacen("[[site.route]]", &log("{ path = 'a.log' }"), 1);
    assert!(warnings(&both)[0].contains("own messages go to the same file"));
    let mixed = "access_log = { path = 'a.log' }\n[[site.route]]\naccess_log = { path = 'a.log', format = 'json' }";
    warns(
        "[[site.route]]",
        mixed,
        "site[0].route[0].access_log.path",
        "another format",
    );
}

#[test]
fn of_clients_and_operators() {
    let header = "max_header = \"32k\"";
    let at = "client.max_connections";
    warns(
        header,
        "max_connections = 100000",
        at,
        "may hold 16.7G of memory at a time, and there is 1.0G",
    );
    let each = "max_connections = 10\nmax_connections_per_address = 20";
    warns(
        header,
        each,
        "client.max_connections_per_address",
        "never more than 10",
    );
    warns(
        header,
        "trusted = ['10.0.0.0/8', '::/0']",
        "client.trusted[1]",
        "any client can name",
    );
    let listener = "address = \"0.0.0.0:80\"";
    let from = format!("{listener}\nproxy_protocol = {{ from = ['0.0.0.0/0'] }}");
    warns(
        listener,
        &from,
        "listener[0].proxy_protocol.from[0]",
        "any client can name",
    );
    let told = "[errors]\nreason_to = ['0.0.0.0/0']\n[client]";
    warns("[client]", told, "errors.reason_to[0]", "told why");
}
