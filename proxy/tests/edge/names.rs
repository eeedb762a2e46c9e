//! Servers by name: looked up again, kept when the name server is away, never in the way.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

use crate::http::get;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to};

/// A name server that says what the test wants, or nothing.
struct NameServer {
    address: SocketAddr,
    addresses: Arc<Mutex<Option<Vec<Ipv4Addr>>>>,
}

impl NameServer {
    fn start(addresses: Option<Vec<Ipv4Addr>>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let addresses = Arc::new(Mutex::new(addresses));
        let says = Arc::clone(&addresses);
        std::thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((count, peer)) = socket.recv_from(&mut query) {
                let Some(addresses) = says.lock().unwrap().clone() else {
                    continue;
                };
                let answer = reply(&query[..count], &addresses);
                drop(socket.send_to(&answer, peer));
            }
        });
        Self { address, addresses }
    }

    fn say(&self, addresses: Option<Vec<Ipv4Addr>>) {
        *self.addresses.lock().unwrap() = addresses;
    }
}

/// RFC 1035 §4: the question back, with an A record of one second's life for each address.
fn reply(query: &[u8], addresses: &[Ipv4Addr]) -> Vec<u8> {
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let is_a = query[end - 4..end - 2] == [0, 1];
    let addresses = if is_a { addresses } else { &[] };
    let mut answer = query[..2].to_vec();
    answer.extend_from_slice(&[
        0x81,
        0x80,
        0,
        1,
        0,
        u8::try_from(addresses.len()).unwrap(),
        0,
        0,
        0,
        0,
    ]);
    answer.extend_from_slice(&query[12..end]);
    for address in addresses {
        answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
        answer.extend_from_slice(&address.octets());
    }
    answer
}

fn config(name_server: &NameServer, port: u16) -> String {
    let resolver = format!(
        "[resolver]\nservers = [\"{}\"]\ntimeout = \"200ms\"\nmin_ttl = \"50ms\"\nmax_ttl = \"100ms\"\nipv6 = false\n",
        name_server.address
    );
    resolver + &proxy_to(&[format!("address = \"web.test:{port}\", max_fails = 0")])
}

#[test]
fn the_edge_starts_without_a_name_server_and_follows_what_it_says_later() {
    let first = Origin::saying("first");
    let port = first.address.port();
    let name_server = NameServer::start(None);
    let edge = Edge::start(&config(&name_server, port));
    let early = edge.get("/");
    assert_eq!(early.status, 503);
    assert!(early.text().contains("no server"), "{}", early.text());
    name_server.say(Some(vec![Ipv4Addr::LOCALHOST]));
    edge.eventually("the name has an address", || edge.get("/").status == 200);
    // A second address, at which another server listens.
    let other = SocketAddr::from(([127, 0, 0, 2], port));
    let _second = Origin::start_at(other, |_, stream| answer(stream, "second"));
    name_server.say(Some(vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)]));
    edge.eventually("the second is asked", || edge.get("/").text() == "second");
    name_server.say(Some(vec![Ipv4Addr::new(127, 0, 0, 2)]));
    edge.eventually("the first is asked no more", || {
        (0..4).all(|_| edge.get("/").text() == "second")
    });
    // The name server goes away: what was known stays, through a reload as well.
    name_server.say(None);
    edge.eventually("the name server is missed", || {
        edge.log().contains("the name cannot be looked up")
    });
    assert_eq!(edge.get("/").text(), "second");
    assert!(edge.reload().status.success());
    assert_eq!(edge.get("/").text(), "second");
    let upstreams = get(edge.admin, "/api/v1/upstreams").text().to_owned();
    assert!(
        upstreams.contains(&format!("127.0.0.2:{port}")),
        "{upstreams}"
    );
}

#[test]
fn a_name_in_the_hosts_file_needs_no_name_server() {
    let origin = Origin::saying("here");
    let port = origin.address.port();
    let edge = Edge::start(&proxy_to(&[format!("address = \"localhost:{port}\"")]));
    edge.eventually("localhost is known", || edge.get("/").text() == "here");
}
