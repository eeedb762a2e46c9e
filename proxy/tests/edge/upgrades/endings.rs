//! How tunnels end: by either side, by a break, by silence, by a side that takes nothing.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use socket2::SockRef;

use super::{echo, hears, rest, switched, switching};
use crate::process::Edge;

fn logged(edge: &Edge, expected: &str) {
    edge.eventually(&format!("{expected:?} in the log"), || {
        std::fs::read_to_string(edge.path("access.log"))
            .unwrap_or_default()
            .lines()
            .any(|line| line == expected)
    });
}

/// The edge before a server, which logs statuses and reasons.
fn logging(origin: &crate::origin::Origin, more: &str) -> Edge {
    let log = "[[site]]\naccess_log = { path = \"access.log\", format = \"$status $reason\" }\n";
    let config = crate::process::proxy_to(&[crate::process::server(origin.address, "")]);
    let config = config.replace("[[site]]\n", log);
    Edge::start(&config.replace("to = \"web\"", &format!("to = \"web\"{more}")))
}

#[test]
fn either_side_may_end_first_and_be_answered() {
    let origin = switching(|stream| {
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        stream
            .write_all(format!("you said {heard}").as_bytes())
            .unwrap();
    });
    let edge = logging(&origin, "");
    let mut client = switched(&edge);
    client.write_all(b"all").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client), "you said all");
    logged(&edge, "101 -");

    let (say, said) = channel();
    let say = std::sync::Mutex::new(say);
    let origin = switching(move |stream| {
        stream.write_all(b"that is all").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        say.lock().unwrap().send(rest(stream)).unwrap();
    });
    let edge = logging(&origin, "");
    let mut client = switched(&edge);
    assert_eq!(rest(&mut client), "that is all");
    client.write_all(b"and this").unwrap();
    drop(client);
    let heard = said.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(heard, "and this");
    logged(&edge, "101 -");
}

fn breaks_off(stream: &TcpStream) {
    SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

#[test]
fn a_break_is_passed_on_as_one() {
    let (say, said) = channel();
    let say = std::sync::Mutex::new(say);
    let origin = switching(move |stream| {
        let end = stream.read(&mut [0; 10]).map_err(|error| error.kind());
        say.lock().unwrap().send(end).unwrap();
    });
    let edge = logging(&origin, "");
    let client = switched(&edge);
    breaks_off(&client);
    drop(client);
    let end = said.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    logged(&edge, "101 client_gone");
    edge.counts("edge_tunnels", &[], 0);
}

#[test]
fn a_server_that_breaks_off_is_passed_on_as_one() {
    let listener = std::net::TcpListener::bind(crate::process::free_address()).unwrap();
    let address = listener.local_addr().unwrap();
    let (go_on, wait) = channel::<()>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).unwrap() > 0);
        stream.write_all(super::SWITCH).unwrap();
        wait.recv_timeout(Duration::from_secs(10)).unwrap();
        breaks_off(&stream);
    });
    let log = "[[site]]\naccess_log = { path = \"access.log\", format = \"$status $reason\" }\n";
    let config = crate::process::proxy_to(&[crate::process::server(address, "")]);
    let edge = Edge::start(&config.replace("[[site]]\n", log));
    let mut client = switched(&edge);
    go_on.send(()).unwrap();
    let end = client.read(&mut [0; 10]).map_err(|error| error.kind());
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    logged(&edge, "101 cut_off");
}

#[test]
fn silence_ends_a_tunnel_and_a_word_of_either_side_prolongs_it() {
    let origin = echo();
    let edge = logging(&origin, ", tunnel_timeout = \"1500ms\"");
    let mut client = switched(&edge);
    for _ in 0..15 {
        hears(&mut client, "ping");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(rest(&mut client), "", "the end is an orderly one");
    logged(&edge, "101 tunnel_timeout");
    edge.counts("edge_failures_total", &["reason=\"tunnel_timeout\""], 1);

    // Only one of them speaks.
    let origin = switching(|stream| {
        for _ in 0..15 {
            stream.write_all(b"x").unwrap();
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(rest(stream), "");
    });
    let edge = logging(&origin, ", tunnel_timeout = \"1500ms\"");
    assert_eq!(rest(&mut switched(&edge)), "x".repeat(15));
}

/// It may be that nobody is there any more.
#[test]
fn of_a_tunnel_with_one_end_the_other_is_waited_for_as_for_an_answer() {
    let origin = switching(|stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(stream), "");
    });
    let edge = logging(&origin, ", read_timeout = \"500ms\"");
    let mut client = switched(&edge);
    assert_eq!(rest(&mut client), "");
    // It stays, and says nothing.
    logged(&edge, "101 tunnel_timeout");
    edge.counts("edge_tunnels", &[], 0);
}

#[test]
fn a_side_that_takes_nothing_is_given_up() {
    let flood = || {
        switching(|stream| {
            drop(stream.write_all(&vec![b'x'; 32 << 20]));
        })
    };
    let origin = flood();
    let edge = {
        let log = "[client]\nsend_timeout = \"500ms\"\n[[site]]\n\
                   access_log = { path = \"access.log\", format = \"$status $reason\" }\n";
        let config = crate::process::proxy_to(&[crate::process::server(origin.address, "")]);
        Edge::start(&config.replace("[[site]]\n", log))
    };
    let client = switched(&edge);
    logged(&edge, "101 client_gone");
    drop(client);

    let origin = switching(|stream| {
        std::thread::sleep(Duration::from_secs(3));
        drop(io::copy(stream, &mut io::sink()));
    });
    let edge = logging(&origin, ", send_timeout = \"500ms\"");
    let mut client = switched(&edge);
    drop(client.write_all(&vec![b'x'; 32 << 20]));
    logged(&edge, "101 send_timeout");
}
