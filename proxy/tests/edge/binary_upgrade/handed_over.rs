//! What the new process has from the old one: sockets and what is known of servers.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::{Program, config, process, upgrade};
use crate::http::{get, request};
use crate::origin::Origin;
use crate::process::{free_address, proxy_to, server};

fn get_unix(path: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn c4_unix_sockets_stay_where_they_are() {
    let origin = Origin::saying("hello");
    let program = Program::new();
    let base = config(2, &origin);
    let edge = program.start(&base);
    let (kept, gone, new) = (
        edge.path("kept.sock"),
        edge.path("gone.sock"),
        edge.path("new.sock"),
    );
    let with = |sockets: &[(&Path, &str)]| {
        let listener = |(path, options): &(&Path, &str)| {
            format!(
                "[[listener]]\naddress = \"unix:{}\"\n{options}\n",
                path.display()
            )
        };
        sockets.iter().map(listener).collect::<String>() + &base
    };
    edge.configure(&with(&[(&kept, "mode = \"0600\""), (&gone, "")]));
    assert!(edge.reload().status.success());
    let inode = fs::metadata(&kept).unwrap().ino();
    // One that waits for an answer all the time finds the file at any moment.
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                assert!(get_unix(&kept).unwrap().contains("hello"));
                count += 1;
            }
            count
        });
        upgrade(&edge);
        edge.configure(&with(&[
            (&kept, "mode = \"0640\"\nbacklog = 64"),
            (&new, ""),
        ]));
        upgrade(&edge);
        upgrade(&edge);
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(client.join().unwrap() > 0);
    });
    let metadata = fs::metadata(&kept).unwrap();
    assert_eq!(metadata.ino(), inode);
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    assert!(get_unix(&new).unwrap().contains("hello"));
    edge.eventually("the old processes end", || edge.processes().len() == 1);
    assert!(!gone.exists());
    edge.configure(&with(&[(&kept, "mode = \"0660\""), (&new, "")]));
    assert!(edge.reload().status.success());
    assert!(get_unix(&kept).unwrap().contains("hello"));
    assert!(edge.command("quit").status.success());
    edge.eventually("it ends", || edge.processes().is_empty());
    assert!(!kept.exists() && !new.exists());
}

#[test]
fn c4_listeners_come_and_go_with_an_upgrade() {
    let origin = Origin::saying("hello");
    let program = Program::new();
    let base = config(2, &origin);
    let edge = program.start(&base);
    let (one, two) = (free_address(), free_address());
    let port = free_address().port();
    let listener = |address: String, options: &str| {
        format!("[[listener]]\naddress = \"{address}\"\n{options}\n")
    };
    let (v4, v6) = (
        format!("127.0.0.1:{port}").parse().unwrap(),
        format!("[::1]:{port}").parse().unwrap(),
    );
    let any = format!("[::]:{port}");
    edge.configure(&(listener(one.to_string(), "") + &listener(any.clone(), "") + &base));
    upgrade(&edge);
    assert_eq!(get(one, "/").text(), "hello");
    assert_eq!(get(v6, "/").text(), "hello");
    assert!(std::net::TcpStream::connect(v4).is_err(), "IPv6 only");
    let options = "ipv6_only = false\nbacklog = 100\nkeepalive = true";
    edge.configure(&(listener(two.to_string(), "") + &listener(any, options) + &base));
    upgrade(&edge);
    for address in [two, edge.http, v4, v6] {
        assert_eq!(get(address, "/").text(), "hello");
    }
    edge.eventually("the port closes", || {
        std::net::TcpStream::connect(one).is_err()
    });
}

#[test]
fn c4_servers_that_are_out_stay_out() {
    let (backup, drained) = (Origin::saying("backup"), Origin::saying("drained"));
    let (dead, unhealthy) = (
        free_address(),
        Origin::start(|request, stream| {
            let status = if request.path() == "/health" {
                "503 Down"
            } else {
                "200 OK"
            };
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(text.as_bytes()).is_ok()
        }),
    );
    let more = "[upstream.checked]\nserver = [{ address = \"ADDRESS\" }]\n\
                [upstream.checked.health_check]\ntype = \"http\"\npath = \"/health\"\n\
                interval = \"60s\"\njitter = 0\nfall = 1\n";
    let servers = [
        server(dead, ", max_fails = 1, fail_timeout = \"60s\""),
        server(drained.address, ""),
        server(backup.address, ", backup = true"),
    ];
    let program = Program::new();
    let edge = program.start(&format!(
        "{}{}{}",
        process(2),
        more.replace("ADDRESS", &unhealthy.address.to_string()),
        proxy_to(&servers)
    ));
    let path = format!("/api/v1/upstreams/web/servers/{}", drained.address);
    let body = "{\"state\": \"down\", \"weight\": 7}";
    let length = body.len();
    let patch =
        format!("PATCH {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
    assert_eq!(request(edge.admin, &patch).status, 200);
    edge.get("/");
    // A process knows since when, and why, of what it has seen itself.
    let known = || {
        let shown = get(edge.admin, "/api/v1/upstreams");
        let mut shown: serde_json::Value = serde_json::from_slice(&shown.body).unwrap();
        for upstream in shown.as_array_mut().unwrap() {
            for server in upstream["servers"].as_array_mut().unwrap() {
                let server = server.as_object_mut().unwrap();
                server.retain(|field, _| field != "since" && field != "why");
            }
        }
        shown.to_string()
    };
    edge.eventually("the probe has failed", || known().contains("\"unhealthy\""));
    let before = known();
    for state in ["ejected", "down", "unhealthy"] {
        assert!(
            before.contains(&format!("\"state\":\"{state}\"")),
            "{before}"
        );
    }
    let probes = unhealthy.seen().len();
    for _ in 0..2 {
        upgrade(&edge);
        // The first probe of the new process is the one that the old one would have made.
        edge.eventually("it is probed again", || unhealthy.seen().len() > probes);
        assert_eq!(known(), before);
        assert_eq!(edge.get("/").text(), "backup");
        assert_eq!(edge.metric("edge_upstream_retries_total", &[]), 0);
    }
}
