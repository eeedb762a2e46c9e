//! Who may ask, by name and password.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{Reply, request};
use crate::process::{Edge, raw};

/// Of `secret`, in the ways in which `htpasswd` and `openssl passwd` write it.
const USERS: &str = "# staff\n\
    bcrypt:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n\
    apr1:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0\n\
    sha256:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA\n\
    sha512:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1\n\
    sha1:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

fn config(users: &str) -> String {
    format!(
        "[client]\ntrusted = [\"127.0.0.1\"]\n\
         [[site]]\nbasic_auth = {{ realm = \"staff \\\"only\\\"\", users_file = \"{users}\" }}\n\
         access_log = {{ path = \"access.log\", format = '$uri $status $remote_user $reason' }}\n\
         [[site.route]]\npath = \"/\"\nrespond = {{ status = 200, text = \"in\" }}\n\
         [[site.route]]\npath = \"/open\"\nbasic_auth = false\n\
         respond = {{ status = 200, text = \"in\" }}\n\
         [[site.route]]\npath = \"/any\"\nsatisfy = \"any\"\nallow = [\"10.0.0.0/8\"]\n\
         deny = [\"10.1.0.0/16\"]\nrespond = {{ status = 200, text = \"in\" }}\n\
         [[site.route]]\npath = \"/all\"\nallow = [\"10.0.0.0/8\"]\n\
         respond = {{ status = 200, text = \"in\" }}\n"
    )
}

fn start() -> (Edge, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let users = dir.path().join("users");
    fs::write(&users, USERS).unwrap();
    (Edge::start(&config(users.to_str().unwrap())), dir)
}

fn ask(edge: &Edge, path: &str, from: &str, credentials: &str) -> Reply {
    let authorization = match credentials {
        "" => String::new(),
        credentials => format!("Authorization: Basic {}\r\n", STANDARD.encode(credentials)),
    };
    request(
        edge.http,
        &format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {from}\r\n{authorization}\r\n"
        ),
    )
}

fn status(edge: &Edge, path: &str, from: &str, credentials: &str) -> u16 {
    ask(edge, path, from, credentials).status
}

#[test]
fn names_and_passwords_are_asked_for() {
    let (edge, _dir) = start();
    let reply = ask(&edge, "/", "192.0.2.1", "");
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Basic realm=\"staff \\\"only\\\"\", charset=\"UTF-8\"")
    );
    for user in ["bcrypt", "apr1", "sha256", "sha512", "sha1"] {
        for (password, expected) in [("secret", 200), ("Secret", 401), ("secret", 200)] {
            let credentials = format!("{user}:{password}");
            assert_eq!(
                status(&edge, "/", "192.0.2.1", &credentials),
                expected,
                "{credentials}"
            );
        }
    }
    assert_eq!(status(&edge, "/", "192.0.2.1", "eve:secret"), 401);
    assert_eq!(status(&edge, "/open", "192.0.2.1", ""), 200);
    edge.counts("edge_failures_total", &["unauthenticated"], 7);
    edge.eventually("the log says who, and not with which password", || {
        let log = fs::read_to_string(edge.path("access.log")).unwrap();
        log.contains("/ 401 eve unauthenticated\n") && !log.contains("ecret")
    });
    assert!(!edge.log().contains("ecret"));
}

#[test]
fn an_address_or_a_name_is_enough_where_any_is() {
    let (edge, _dir) = start();
    for (path, from, credentials, expected) in [
        ("/any", "10.0.0.1", "", 200),
        ("/any", "192.0.2.1", "", 401),
        ("/any", "192.0.2.1", "sha1:secret", 200),
        ("/any", "10.1.0.1", "", 401),
        ("/any", "10.1.0.1", "sha1:secret", 200),
        ("/all", "10.0.0.1", "", 401),
        ("/all", "10.0.0.1", "sha1:secret", 200),
        ("/all", "192.0.2.1", "sha1:secret", 403),
    ] {
        let found = status(&edge, path, from, credentials);
        assert_eq!(found, expected, "{path} {from} {credentials}");
    }
}

#[test]
fn the_file_is_read_again_when_it_changes() {
    let (edge, dir) = start();
    let users = dir.path().join("users");
    assert_eq!(status(&edge, "/", "192.0.2.1", "sha1:secret"), 200);
    fs::write(&users, USERS.replace("sha1:", "new:")).unwrap();
    edge.eventually("who is gone is refused", || {
        status(&edge, "/", "192.0.2.1", "sha1:secret") == 401
    });
    assert_eq!(status(&edge, "/", "192.0.2.1", "new:secret"), 200);
    // What cannot be used changes nothing, and is not shown.
    fs::write(&users, "new:hunter2\nhunter3\n").unwrap();
    edge.eventually("it is said", || {
        edge.log()
            .contains("line 1: the password of `new` is plain text")
    });
    assert_eq!(status(&edge, "/", "192.0.2.1", "new:secret"), 200);
    for command in ["reload", "check"] {
        let outcome = edge.command(command);
        let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert!(said.contains("line 2 is not `name:hash`"), "{said}");
        assert!(!said.contains("hunter") && !edge.log().contains("hunter"));
    }
    assert_eq!(status(&edge, "/", "192.0.2.1", "new:secret"), 200);
}

/// A hash that takes long keeps nobody else waiting, on however few workers.
#[test]
fn checking_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let users = dir.path().join("users");
    // At this cost a check takes seconds.
    fs::write(&users, USERS.replace("$2y$05$", "$2y$14$")).unwrap();
    let config = config(users.to_str().unwrap());
    let edge = Edge::start(&format!("[server]\nthreads = 1\n{config}"));
    let asked = std::thread::spawn({
        let address = edge.http;
        move || {
            let credentials = STANDARD.encode("bcrypt:secret");
            let head =
                format!("GET / HTTP/1.0\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n\r\n");
            raw(address, head.as_bytes())
        }
    });
    while !asked.is_finished() {
        assert_eq!(edge.get("/open").status, 200);
    }
    assert!(asked.join().unwrap().starts_with("HTTP/1.1 401"));
}
