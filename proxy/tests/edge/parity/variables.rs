//! Variables in the names of directories, files, servers and realms.

use std::fs;
use std::path::Path;

use super::Pair;
use crate::origin::Origin;
use crate::process::Edge;

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn get(target: &str, host: &str, more: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")
}

const UNLIKE: &[&str] = &[];

#[test]
fn files_are_where_variables_say() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "a.test/page", "of a");
    write(root, "b.test/page", "of b");
    write(root, "a.test/x/index.en.html", "english");
    write(root, "a.test/x/index.html", "any");
    write(root, "secret", "secret");
    let root = root.to_str().unwrap();
    let pair = Pair::start(
        Vec::new(),
        &format!(
            "map $arg_kept $kept {{ default 1d; none off; never max; odd odd; }}
             types {{ text/html html; }} default_type application/octet-stream;
             server {{ listen LISTEN; root {root}/$host; index index.$arg_lang.html index.html;
             location / {{ expires $kept; }}
             location /alias/ {{ alias {root}/$arg_site/; }} }}"
        ),
        &format!(
            "[map.kept]\nof = '$arg_kept'\ndefault = '1d'\n\
             values = {{ none = 'off', never = 'max', odd = 'odd' }}\n\
             [[site]]\n[[site.route]]\npath = '/'\nexpires = '$kept'\n\
             files = {{ root = '{root}/$host', index = ['index.$arg_lang.html', 'index.html'] }}\n\
             [[site.route]]\npath = '/alias/'\nfiles = {{ alias = '{root}/$arg_site/' }}\n"
        ),
    );
    let ask = |target: &str, host: &str| get(target, host, "");
    let [a, b, c, english, any, none] = [
        ask("/page", "a.test"),
        ask("/page", "B.TEST:80"),
        ask("/page", "c.test"),
        ask("/x/?lang=en", "a.test"),
        ask("/x/?lang=fr", "a.test"),
        ask("/page?kept=none", "a.test"),
    ];
    let [never, odd, alias, nowhere] = [
        ask("/page?kept=never", "a.test"),
        ask("/page?kept=odd", "a.test"),
        ask("/alias/page?site=b.test", "a.test"),
        ask("/alias/page", "a.test"),
    ];
    let same = [a, b, c, english, any, none, never, odd, alias, nowhere];
    let same: Vec<_> = same.iter().map(|one| (one.as_str(), UNLIKE)).collect();
    pair.compare(&same);
    // nginx would send what lies beside the directories.
    let up = ask("/alias/secret?site=x/..", "a.test");
    let reply = crate::http::request(pair.edge.http, &up);
    assert_eq!(reply.status, 404);
}

#[test]
fn requests_go_where_variables_say() {
    let (blue, green) = (Origin::saying("blue"), Origin::saying("green"));
    let (b, g) = (blue.address, green.address);
    let pair = Pair::start(
        vec![blue, green],
        &format!(
            "upstream blue {{ server {b}; }} upstream green {{ server {g}; }}
             map $cookie_colour $colour {{ default green; '~^[a-z]+$' $cookie_colour; }}
             server {{ listen LISTEN;
             location / {{ proxy_pass http://$colour; }}
             location /v1/ {{ proxy_pass http://$colour/fixed; }}
             location ~ ^/sub/(.*)$ {{ proxy_pass http://green/of/$1?by=$arg_by; }} }}"
        ),
        &format!(
            "[upstream.blue]\nserver = [{{ address = '{b}' }}]\n\
             [upstream.green]\nserver = [{{ address = '{g}' }}]\n\
             [map.colour]\nof = '$cookie_colour'\ndefault = 'green'\n\
             regex = [{{ find = '^[a-z]+$', value = '$cookie_colour' }}]\n\
             [[site]]\n\
             [[site.route]]\npath = '/'\nproxy = {{ to = '$colour' }}\n\
             [[site.route]]\npath = '/v1/'\nproxy = {{ to = '$colour', uri = '/fixed' }}\n\
             [[site.route]]\npath = {{ regex = '(?s)^/sub/(.*)$' }}\n\
             proxy = {{ to = 'green', uri = '/of/$1?by=$arg_by' }}\n"
        ),
    );
    let cases = [
        get("/a%20b?c=d", "h", "Cookie: colour=blue\r\n"),
        get("/a", "h", ""),
        get("/a", "h", "Cookie: colour=1\r\n"),
        get("/v1/x?y=z", "h", "Cookie: colour=blue\r\n"),
        get("/sub/a/b?by=me", "h", ""),
        // No upstream has this name: nginx would look it up, and here has nobody to ask.
        get("/a", "h", "Cookie: colour=red\r\n"),
    ];
    let same: Vec<_> = cases.iter().map(|one| (one.as_str(), UNLIKE)).collect();
    pair.compare(&same);
    // nginx writes what `%20` and `%0D%0A` decode to into the request line.
    let split = get("/sub/a%20b%0D%0AX-Forged:%201", "h", "");
    assert_eq!(crate::http::request(pair.edge.http, &split).status, 200);
    let seen = pair.origins[1].seen();
    let seen = seen.last().unwrap();
    assert_eq!(seen.path(), "/of/a%20b%0D%0AX-Forged:%201?by=");
    assert_eq!(seen.header("x-forged"), None);
}

/// `a` of `secret`.
const USERS: &str = "a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

#[test]
fn names_are_asked_for_by_variables() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.test", USERS);
    let users = dir.path().to_str().unwrap();
    let pair = Pair::start(
        Vec::new(),
        &format!(
            "server {{ listen LISTEN; location / {{ auth_basic \"of $host\";
             auth_basic_user_file {users}/$host; try_files /none =404; }} }}"
        ),
        &format!(
            "[[site]]\n[[site.route]]\npath = '/'\nrespond = {{ status = 404 }}\n\
             basic_auth = {{ realm = 'of $host', users_file = '{users}/$host' }}\n"
        ),
    );
    let right = "Authorization: Basic YTpzZWNyZXQ=\r\n";
    let cases = [
        get("/", "a.test", ""),
        get("/", "a.test", right),
        // There is no file of this one.
        get("/", "b.test", right),
        get("/", "b.test", ""),
    ];
    let challenge = |host: &str| {
        [
            format!("- www-authenticate: Basic realm=\"of {host}\""),
            format!("+ www-authenticate: Basic realm=\"of {host}\", charset=\"UTF-8\""),
        ]
    };
    let (a, b) = (challenge("a.test"), challenge("b.test"));
    let unlike = |lines: &'static [String; 2]| lines.each_ref().map(String::as_str);
    let (a, b) = (
        unlike(Box::leak(Box::new(a))),
        unlike(Box::leak(Box::new(b))),
    );
    pair.compare(&[
        (&cases[0], &a),
        (&cases[1], &[]),
        (&cases[2], &[]),
        (&cases[3], &b),
    ]);
    // A file that appears holds from then on, and one that changes too.
    write(dir.path(), "b.test", USERS);
    assert_eq!(crate::http::request(pair.edge.http, &cases[2]).status, 404);
    write(
        dir.path(),
        "b.test",
        "b:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    );
    pair.edge.eventually("the new file counts", || {
        crate::http::request(pair.edge.http, &cases[2]).status == 401
    });
}

#[test]
fn logs_are_where_variables_say() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().to_str().unwrap();
    let edge = Edge::start(&format!(
        "[server]\nthreads = 1\n[[site]]\naccess_log = {{ path = '{logs}/$host.$arg_log.log', format = '$uri' }}\n\
         [[site.route]]\npath = '/'\nrespond = {{ status = 204 }}\n"
    ));
    for (target, host) in [
        ("/1?log=x", "a.test"),
        ("/2", "b.test"),
        ("/3?log=x", "a.test"),
        // Neither of these has a log.
        ("/4?log=/../../up", "a.test"),
        ("/5?log=none/there", "a.test"),
    ] {
        let reply = crate::http::request(edge.http, &get(target, host, ""));
        assert_eq!(reply.status, 204);
    }
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    edge.eventually("the lines are written", || {
        read("a.test.x.log") == "/1\n/3\n" && read("b.test..log") == "/2\n"
    });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    let metrics = crate::http::get(edge.admin, "/metrics");
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("edge_access_log_lost_total 1\n"),
        "{metrics}"
    );
    // After a rotation the same file is opened again.
    fs::rename(dir.path().join("a.test.x.log"), dir.path().join("old")).unwrap();
    edge.signal("USR1");
    edge.eventually("the file is opened again", || {
        dir.path().join("a.test.x.log").exists()
    });
}
