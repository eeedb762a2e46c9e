//! Who may ask, and how often, decided as by nginx.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Pair;
use crate::origin::Origin;

/// `count` requests at once on each; nginx's statuses and the edge's.
fn statuses(pair: &Pair, path: &str, count: usize) -> (Vec<u16>, Vec<u16>) {
    let get = |address| {
        let statuses = (0..count).map(|_| crate::http::get(address, path).status);
        statuses.collect()
    };
    (get(pair.nginx.http), get(pair.edge.http))
}

#[test]
fn rate_limits_count_as_nginx_s() {
    let pair = Pair::start(
        Vec::new(),
        "limit_req_zone $binary_remote_addr zone=few:1m rate=1r/m;
         limit_req_zone $binary_remote_addr zone=burst:1m rate=1r/m;
         limit_req_zone $arg_key zone=key:1m rate=1r/m;
         limit_req_zone $arg_other zone=other:1m rate=1r/m;
         limit_req_zone $binary_remote_addr zone=dry:1m rate=1r/m;
         server { listen LISTEN; limit_req_status 429;
         location /few { limit_req zone=few; try_files /none =404; }
         location /burst { limit_req zone=burst burst=3 nodelay; try_files /none =404; }
         location /both { limit_req zone=key; limit_req zone=other burst=1 nodelay;
                          try_files /none =404; }
         location /dry { limit_req zone=dry; limit_req_dry_run on; try_files /none =404; } }",
        "[rate_limit.few]\nrate = \"1r/m\"\n\
         [rate_limit.burst]\nrate = \"1/m\"\nburst = 3\nnodelay = true\n\
         [rate_limit.key]\nkey = \"$arg_key\"\nrate = \"1/m\"\n\
         [rate_limit.other]\nkey = \"$arg_other\"\nrate = \"1/m\"\nburst = 1\nnodelay = true\n\
         [rate_limit.dry]\nrate = \"1/m\"\ndry_run = true\n\
         [[site]]\n\
         [[site.route]]\npath = \"/few\"\nlimits = [\"few\"]\nrespond = { status = 404 }\n\
         [[site.route]]\npath = \"/burst\"\nlimits = [\"burst\"]\nrespond = { status = 404 }\n\
         [[site.route]]\npath = \"/both\"\nlimits = [\"key\", \"other\"]\nrespond = { status = 404 }\n\
         [[site.route]]\npath = \"/dry\"\nlimits = [\"dry\"]\nrespond = { status = 404 }\n",
    );
    for (path, expected) in [
        ("/few", vec![404, 429, 429]),
        ("/burst", vec![404, 404, 404, 404, 429]),
        ("/dry", vec![404, 404]),
        // Neither of these has a key for both limits.
        ("/both", vec![404, 404]),
        ("/both?key=1", vec![404, 429]),
        ("/both?other=1", vec![404, 404, 429]),
        // What the one refuses, the other has not counted.
        ("/both?key=1&other=2", vec![429, 429]),
        ("/both?other=2", vec![404, 404, 429]),
    ] {
        let (theirs, ours) = statuses(&pair, path, expected.len());
        assert_eq!((&theirs, &ours), (&expected, &expected), "{path}");
    }
}

/// All of `secret`, in the ways that Debian's nginx knows.
const USERS: &str = "apr1:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0\n\
    bcrypt:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a:comment\n\
    sha512:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1\n\
    sha1:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n\
    ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0\n";

#[test]
fn names_and_passwords_are_asked_for_as_by_nginx() {
    let dir = tempfile::tempdir().unwrap();
    let users = dir.path().join("users");
    std::fs::write(&users, USERS).unwrap();
    let (users, origin) = (users.display(), Origin::saying("in"));
    let address = origin.address;
    let pair = Pair::start(
        vec![origin],
        &format!(
            "upstream web {{ server {address}; keepalive 8; }}
             server {{ listen LISTEN; auth_basic staff; auth_basic_user_file {users};
             location / {{ proxy_pass http://web; }}
             location /open {{ auth_basic off; proxy_pass http://web; }}
             location /any {{ satisfy any; allow 127.0.0.1; deny all; proxy_pass http://web; }}
             location /either {{ satisfy any; allow 10.0.0.0/8; deny all; proxy_pass http://web; }}
             location /undenied {{ satisfy any; deny 10.0.0.0/8; proxy_pass http://web; }}
             location /all {{ deny all; proxy_pass http://web; }} }}"
        ),
        &format!(
            "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n\
             basic_auth = {{ realm = \"staff\", users_file = \"{users}\" }}\n\
             [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
             [[site.route]]\npath = \"/open\"\nbasic_auth = false\nproxy = {{ to = \"web\" }}\n\
             [[site.route]]\npath = \"/any\"\nsatisfy = \"any\"\nallow = [\"127.0.0.1\"]\n\
             proxy = {{ to = \"web\" }}\n\
             [[site.route]]\npath = \"/either\"\nsatisfy = \"any\"\nallow = [\"10.0.0.0/8\"]\n\
             proxy = {{ to = \"web\" }}\n\
             [[site.route]]\npath = \"/undenied\"\nsatisfy = \"any\"\ndeny = [\"10.0.0.0/8\"]\n\
             proxy = {{ to = \"web\" }}\n\
             [[site.route]]\npath = \"/all\"\ndeny = [\"0.0.0.0/0\"]\nproxy = {{ to = \"web\" }}\n"
        ),
    );
    let request = |path: &str, credentials: &str| {
        let encoded = STANDARD.encode(credentials);
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {encoded}\r\n\r\n")
    };
    // The edge says in which alphabet names are written (RFC 7617 §2.1).
    let refused: &[&str] = &[
        "- www-authenticate: Basic realm=\"staff\"",
        "+ www-authenticate: Basic realm=\"staff\", charset=\"UTF-8\"",
    ];
    let bare = |path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut cases = vec![
        (bare("/"), refused),
        (bare("/open"), &[]),
        (bare("/any"), &[]),
        (bare("/either"), refused),
        (bare("/undenied"), refused),
        (request("/either", "sha1:secret"), &[]),
        (request("/undenied", "sha1:secret"), &[]),
        (request("/all", "sha1:secret"), &[]),
        (request("/", "eve:secret"), refused),
        (request("/", "apr1"), refused),
        (request("/", ":"), refused),
    ];
    for user in ["apr1", "bcrypt", "sha512", "sha1", "ssha"] {
        cases.push((request("/", &format!("{user}:secret")), &[]));
        cases.push((request("/", &format!("{user}:Secret")), refused));
    }
    let cases = cases.iter().map(|(text, unlike)| (text.as_str(), *unlike));
    let cases: Vec<_> = cases.collect();
    pair.compare(&cases);
}

/// A service that answers with the status that it is told.
fn service() -> Origin {
    Origin::start(|request, stream| {
        use std::io::Write as _;
        let status = request.header("x-status").unwrap_or("401");
        let head = format!(
            "HTTP/1.1 {status} X\r\nX-User: ana\r\nWWW-Authenticate: Bearer\r\n\
             Content-Length: 2\r\n\r\nno"
        );
        stream.write_all(head.as_bytes()).is_ok()
    })
}

#[test]
fn services_are_asked_as_by_nginx() {
    let (origin, service) = (Origin::saying("in"), service());
    let (web, auth) = (origin.address, service.address);
    let usual = "proxy_set_header Connection '';
         proxy_set_header Host $host_or_upstream;
         proxy_set_header X-Real-IP $remote_addr;
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
         proxy_set_header X-Forwarded-Proto $scheme;";
    let pair = Pair::start(
        vec![origin, service],
        &format!(
            "upstream web {{ server {web}; keepalive 8; }}
             upstream auth {{ server {auth}; keepalive 8; }}
             server {{ listen LISTEN;
             location / {{ auth_request /verify; auth_request_set $user $upstream_http_x_user;
                 proxy_pass http://web; {usual} proxy_set_header X-User $user; }}
             location = /verify {{ internal; proxy_pass http://auth/verify;
                 proxy_pass_request_body off; proxy_set_header Content-Length '';
                 {usual} proxy_set_header X-Original-URI $request_uri;
                 proxy_set_header X-Original-Method $request_method; }} }}"
        ),
        &format!(
            "[upstream.web]\nserver = [{{ address = \"{web}\" }}]\n\
             [upstream.auth]\nserver = [{{ address = \"{auth}\" }}]\n\
             [[site]]\n\
             forward_auth = {{ to = \"auth\", uri = \"/verify\", copy = [\"X-User\"] }}\n\
             [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n"
        ),
    );
    pair.compare(&[
        (
            "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Status: 200\r\nX-User: root\r\n\r\n",
            &[],
        ),
        ("HEAD /a HTTP/1.1\r\nHost: a\r\nX-Status: 299\r\n\r\n", &[]),
        (
            "POST /a HTTP/1.1\r\nHost: a\r\nX-Status: 201\r\nContent-Length: 4\r\n\r\nbody",
            &[],
        ),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX-Status: 403\r\n\r\n", &[]),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX-Status: 401\r\n\r\n", &[]),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX-Status: 302\r\n\r\n", &[]),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX-Status: 404\r\n\r\n", &[]),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX-Status: 500\r\n\r\n", &[]),
    ]);
}
