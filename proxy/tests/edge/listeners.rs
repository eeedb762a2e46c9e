//! Where clients connect: addresses, Unix sockets, options, and their changes by reload.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use crate::http::{Connection, get};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

/// GETs `/` through a Unix socket.
fn get_unix(path: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// An origin that answers with the request's head.
fn mirror() -> Origin {
    Origin::start(|request, stream| {
        let head = request.head.clone();
        answer(stream, &head)
    })
}

#[test]
fn a_unix_socket_comes_and_goes_with_the_edge_and_with_its_listener() {
    let origin = mirror();
    let config = proxy_to(&[server(origin.address, "")]);
    let mut edge = Edge::start(&config);
    let path = edge.path("edge.sock");
    let listener = |options: &str| {
        let address = path.display();
        format!("[[listener]]\naddress = \"unix:{address}\"\n{options}\n{config}")
    };
    // Left over from somebody who was killed.
    drop(UnixListener::bind(&path).unwrap());
    edge.configure(&listener("mode = \"0640\""));
    let outcome = edge.reload();
    assert!(outcome.status.success(), "{outcome:?}");
    let answer = get_unix(&path).unwrap();
    assert!(answer.contains("X-Real-IP: unix:\r\n"), "{answer}");
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o640);
    edge.configure(&listener("backlog = 10"));
    assert!(edge.reload().status.success());
    assert_eq!(mode(), 0o666);
    assert!(get_unix(&path).is_ok(), "after it was bound anew");
    edge.configure(&config);
    assert!(edge.reload().status.success());
    assert!(!path.exists());
    edge.configure(&listener(""));
    assert!(edge.reload().status.success());
    assert!(get_unix(&path).is_ok());
    edge.signal("TERM");
    assert_eq!(edge.wait(Duration::from_secs(2)), Some(0));
    assert!(!path.exists());
}

#[test]
fn c2_a_socket_in_use_is_refused_and_nothing_changes() {
    let origin = Origin::saying("hello");
    let config = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&config);
    let (path, second) = (edge.path("other.sock"), free_address());
    let _other = UnixListener::bind(&path).unwrap();
    edge.configure(&format!(
        "[[listener]]\naddress = \"{second}\"\n[[listener]]\naddress = \"unix:{}\"\n{config}",
        path.display()
    ));
    let outcome = edge.reload();
    assert_eq!(outcome.status.code(), Some(1));
    let message = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(message.contains("cannot listen on unix:"), "{message}");
    assert!(UnixStream::connect(&path).is_ok(), "it is still theirs");
    assert!(std::net::TcpStream::connect(second).is_err());
    assert_eq!(edge.get("/").text(), "hello");
}

#[test]
fn an_option_that_changes_binds_the_port_anew_and_keeps_connections() {
    let origin = Origin::saying("hello");
    let config = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&config);
    let port = free_address().port();
    let listener =
        |options: &str| format!("[[listener]]\naddress = \"[::]:{port}\"\n{options}\n{config}");
    let (v4, v6) = (
        format!("127.0.0.1:{port}").parse().unwrap(),
        format!("[::1]:{port}").parse().unwrap(),
    );
    edge.configure(&listener("keepalive = { idle = \"60s\", probes = 3 }"));
    let outcome = edge.reload();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(std::net::TcpStream::connect(v4).is_err(), "IPv6 only");
    let mut kept = Connection::new(v6);
    kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(kept.reply().unwrap().text(), "hello");
    edge.configure(&listener("ipv6_only = false\nbacklog = 64"));
    let outcome = edge.reload();
    assert!(outcome.status.success(), "{outcome:?}");
    for _ in 0..20 {
        assert_eq!(get(v4, "/").text(), "hello");
        assert_eq!(get(v6, "/").text(), "hello");
    }
    kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(kept.reply().unwrap().text(), "hello");
}

#[test]
fn an_address_can_be_replaced_by_one_of_the_same_port() {
    let origin = Origin::saying("hello");
    let config = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&config);
    let port = free_address().port();
    let on = |address: &str| format!("[[listener]]\naddress = \"{address}:{port}\"\n{config}");
    for address in ["127.0.0.1", "0.0.0.0", "127.0.0.1"] {
        edge.configure(&on(address));
        let outcome = edge.reload();
        assert!(outcome.status.success(), "{outcome:?}");
        let local = format!("127.0.0.1:{port}").parse().unwrap();
        assert_eq!(get(local, "/").text(), "hello");
    }
}
