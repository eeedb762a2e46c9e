//! Each method of balancing beside nginx's own: the same requests meet the same servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::http::Connection;
use crate::nginx::Nginx;
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

const WEIGHTS: [u32; 3] = [1, 3, 2];

fn origins() -> [Origin; 3] {
    ["a", "b", "c"].map(Origin::saying)
}

/// nginx and the edge before the same three servers.
fn both(addresses: [SocketAddr; 3], nginx: &str, edge: &str) -> (Nginx, Edge) {
    let weighted = addresses.iter().zip(WEIGHTS);
    let lines: String = weighted
        .clone()
        .map(|(address, weight)| format!("server {address} weight={weight} max_fails=0;"))
        .collect();
    let nginx = Nginx::start(&format!(
        "upstream web {{ {nginx} {lines} keepalive 8; }}
         server {{ listen LISTEN; location / {{
             proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection \"\";
         }} }}"
    ));
    let lines: Vec<String> = weighted
        .map(|(address, weight)| server(*address, &format!(", weight = {weight}, max_fails = 0")))
        .collect();
    let config =
        proxy_to(&lines).replace("[[site]]", &format!("compat = \"nginx\"\n{edge}\n[[site]]"));
    (nginx, Edge::start(&config))
}

/// GETs `path` from a client with an address of its own, all of 127/8 being ours.
fn ask(address: SocketAddr, from: Ipv4Addr, path: &str) -> String {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut client = Connection::over(socket.into());
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.reply().unwrap().text().to_owned()
}

fn compare(addresses: [SocketAddr; 3], nginx: &str, edge: &str) {
    let (nginx, edge) = both(addresses, nginx, edge);
    let mut met = std::collections::BTreeSet::new();
    for number in 0..48 {
        let from = Ipv4Addr::new(127, number / 7, number, 1);
        let path = format!("/charts/{number}?page={}", number % 5);
        let expected = ask(nginx.http, from, &path);
        let answer = ask(edge.http, from, &path);
        assert_eq!(answer, expected, "{path} from {from}");
        met.insert(answer);
    }
    assert!(met.len() > 1, "it was no comparison");
}

#[test]
fn u2_turns_by_weight() {
    let origins = origins();
    compare(origins.each_ref().map(|origin| origin.address), "", "");
}

#[test]
fn u12_ip_hash() {
    let origins = origins();
    let addresses = origins.each_ref().map(|origin| origin.address);
    compare(addresses, "ip_hash;", "balance = \"ip_hash\"");
}

#[test]
fn u12_hash() {
    let origins = origins();
    let addresses = origins.each_ref().map(|origin| origin.address);
    compare(
        addresses,
        "hash $request_uri;",
        "balance = { hash = \"$request_uri\" }",
    );
    compare(
        addresses,
        "hash $uri$arg_page consistent;",
        "balance = { hash = \"$uri$arg_page\", consistent = true }",
    );
}

/// The keys of a server that is gone go to the same other servers.
#[test]
fn u12_a_server_that_is_gone() {
    let origins = origins();
    let [a, _, c] = origins.each_ref().map(|origin| origin.address);
    let addresses = [a, free_address(), c];
    compare(addresses, "ip_hash;", "balance = \"ip_hash\"");
    compare(
        addresses,
        "hash $request_uri;",
        "balance = { hash = \"$request_uri\" }",
    );
    compare(
        addresses,
        "hash $request_uri consistent;",
        "balance = { hash = \"$request_uri\", consistent = true }",
    );
}
