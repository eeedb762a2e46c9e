//! Mistakes in who may ask, and how often.

use super::{SEED, meant};

/// The problems of the seed's configuration with `top` before its sites, and `site` in the site.
fn problems(top: &str, site: &str) -> Vec<String> {
    let text = SEED.replace("[[site]]", &format!("{top}\n[[site]]"));
    meant(&text.replace("max_body = \"10M\"", site)).unwrap_err()
}

#[test]
fn rate_limits() {
    let top = r#"
[rate_limit.login]
rate = "10"
key = "$nosuch"
status = 200
keys = 3
[rate_limit.none]
rate = "0/s"
burst = 3
delay = 4
[rate_limit.often]
rate = "2000000r/s"
nodelay = true
delay = 1
burst = 1
"#;
    assert_eq!(
        problems(top, r#"limits = ["login", "logim", "login", "nothing"]"#),
        [
            "rate_limit.login.key: there is no variable `$nosuch`",
            "rate_limit.login.rate: `10` is not a rate such as 10/s, 30/m or 100/h",
            "rate_limit.login.status: 200 is no status of an error (429 tells the client, 503 is nginx's)",
            "rate_limit.login.keys: fewer than 16 keys cannot be told apart",
            "rate_limit.none.rate: `0/s` never lets anything pass (to refuse everybody: deny = [\"0.0.0.0/0\", \"::/0\"])",
            "rate_limit.none.delay: 4 are more than the burst of 3 (nodelay = true serves the whole burst at once)",
            "rate_limit.often.rate: `2000000r/s` is more than a million in a second (leave the limit out)",
            "rate_limit.often.delay: `nodelay` says that all are served at once; there is one of both",
            "site[0].limits[1]: there is no rate limit `logim` (did you mean \"login\"?)",
            "site[0].limits[2]: `login` is already in the list",
            "site[0].limits[3]: there is no rate limit `nothing` (add [rate_limit.nothing])",
        ]
    );
}

#[test]
fn names_and_passwords() {
    for (line, problem) in [
        (
            "basic_auth = true",
            "site[0].basic_auth: `true` does not say who may ask ({ users_file = \"/etc/hifate/users\" })",
        ),
        (
            "basic_auth = { users_file = \"\" }",
            "site[0].basic_auth.users_file: there is no file of users (`htpasswd -B -c /etc/hifate/users NAME` makes one)",
        ),
        (
            "basic_auth = { users_file = \"/u\", realm = \"a\\nb\" }",
            "site[0].basic_auth.realm: contains a control character",
        ),
    ] {
        assert_eq!(problems("", line), [problem]);
    }
}

#[test]
fn what_browsers_are_told() {
    for (line, expected) in [
        (
            "hsts = true",
            &["site[0].hsts: `true` does not say for how long (hsts = { max_age = \"365d\" })"][..],
        ),
        (
            "hsts = { preload = true }",
            &[
                "site[0].hsts.preload: browsers build it in only for a year at least and with all host names below (max_age = \"365d\", include_subdomains = true)",
            ],
        ),
        (
            "cors = true",
            &[
                "site[0].cors: `true` does not say whose pages (cors = { origins = [\"https://app.example.com\"] })",
            ],
        ),
        (
            "cors = { origins = [] }",
            &[
                "site[0].cors.origins: nobody's pages may read answers (cors = false leaves it to the servers)",
            ],
        ),
        (
            "cors = { origins = [\"*\", \"https://a.b\"], credentials = true, headers = [\"*\", \"a b\"] }",
            &[
                "site[0].cors.headers[0]: with `credentials`, browsers take `*` for a name and not for all (name them)",
                "site[0].cors.headers[1]: `a b` is no word of HTTP",
                "site[0].cors.origins: `*` stands alone",
                "site[0].cors.credentials: everybody's pages could do everything in the user's name (name the origins)",
            ],
        ),
        (
            "cors = { origins = [\"app.example.com\", \"https://a.b/\", \"HTTPS://A.b\", \"https://a.b:443\", \"ftp://a\", \"null\", \"https://a.*.b\"] }",
            &[
                "site[0].cors.origins[0]: `app.example.com` is no origin (\"https://app.example.com\", \"https://*.example.com\")",
                "site[0].cors.origins[1]: `https://a.b/`: an origin has no path (\"https://app.example.com\", \"https://*.example.com\")",
                "site[0].cors.origins[2]: `HTTPS://A.b`: browsers write origins in lower case (\"https://a.b\")",
                "site[0].cors.origins[3]: `https://a.b:443`: browsers leave the usual port out (\"https://a.b\")",
                "site[0].cors.origins[4]: `ftp://a` is neither http nor https (\"https://app.example.com\", \"https://*.example.com\")",
                "site[0].cors.origins[5]: `null` is no origin (\"https://app.example.com\", \"https://*.example.com\")",
                "site[0].cors.origins[6]: `https://a.*.b` is no origin (\"https://app.example.com\", \"https://*.example.com\")",
            ],
        ),
    ] {
        assert_eq!(problems("", line), expected);
    }
}

#[test]
fn services_that_are_asked() {
    for (line, expected) in [
        (
            "forward_auth = true",
            &[
                "site[0].forward_auth: `true` does not say who is asked ({ to = \"auth_service\", uri = \"/verify\" })",
            ][..],
        ),
        (
            "forward_auth = { to = \"web_ap\", uri = \"verify x\", copy = [\"X-User\", \"a b\", \"Host\", \"Connection\"], timeout = 0 }",
            &[
                "site[0].forward_auth.uri: the path `verify x` does not start with a slash (\"/verify x\")",
                "site[0].forward_auth.uri: contains a space or a control character",
                "site[0].forward_auth.copy[1]: `a b` is not the name of a header",
                "site[0].forward_auth.copy[2]: the Host is the client's",
                "site[0].forward_auth.copy[3]: `Connection` is the edge's own on each connection",
                "site[0].forward_auth.timeout: a duration of 0 would always have passed",
                "site[0].forward_auth.to: there is no upstream `web_ap` (did you mean \"web_app\"?)",
            ],
        ),
    ] {
        assert_eq!(problems("", line), expected);
    }
}
