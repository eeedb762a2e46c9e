//! WebSocket with the lines that every guide to nginx has, and with none.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::Pair;
use crate::origin::{Origin, answer};
use crate::process::{proxy_to, server};

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const FORMAT: &str = "$request|$status|$body_bytes_sent|$request_length|$upstream_status|\
                      $upstream_bytes_sent|$upstream_bytes_received|$request_completion";

/// Switches and answers what it gets, once; or does what its path says.
fn origin() -> Origin {
    Origin::start(|request, stream| match request.path() {
        "/chat" => {
            let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                        Connection: Upgrade\r\nServer: app\r\nSec-WebSocket-Accept: x\r\n\
                        X-App: yes\r\n\r\nwelcome";
            stream.write_all(head.as_bytes()).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let mut heard = [0; 5];
            // The test may want no more than the head.
            if stream.read_exact(&mut heard).is_ok() {
                stream.write_all(&heard).unwrap();
            }
            false
        }
        "/426" => stream
            .write_all(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
            .is_ok(),
        _ => answer(stream, "page"),
    })
}

fn pair() -> Pair {
    let origin = origin();
    let nginx = format!(
        "map $http_upgrade $connection_upgrade {{ default Upgrade; '' ''; }}\n\
         log_format compared '{FORMAT}';\n\
         server {{ listen LISTEN; access_log access.log compared;\n\
         location / {{ proxy_pass http://{}; proxy_http_version 1.1;\n\
         proxy_set_header Host $host_or_upstream;\n\
         proxy_set_header X-Real-IP $remote_addr;\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
         proxy_set_header X-Forwarded-Proto $scheme;\n\
         proxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection $connection_upgrade; }} }}\n",
        origin.address
    );
    let log = format!("access_log = {{ path = \"access.log\", format = '{FORMAT}' }}\n");
    let edge = proxy_to(&[server(origin.address, "")]);
    let edge = edge.replace("[[site]]\n", &format!("[[site]]\n{log}"));
    Pair::start(vec![origin], &nginx, &edge)
}

#[test]
fn a_switch_looks_the_same_to_both_sides() {
    pair().compare(&[
        // The token is not case-sensitive (RFC 9110 §7.6.1).
        (ASK, &["- connection: upgrade", "+ connection: Upgrade"]),
        (&ASK.replace("/chat", "/426"), &[]),
        (&ASK.replace("/chat", "/page"), &[]),
        ("GET /page HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        // nginx passes the offer on, and this server takes it for none.
        (
            "GET /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
             Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
            &[
                "- server 0: Connection: Upgrade",
                "- server 0: HTTP2-Settings: AAMAAABk",
                "- server 0: Upgrade: h2c",
            ],
        ),
    ]);
}

/// Talks through a proxy; what is heard behind the head of the answer.
fn converse(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.write_all(ASK.as_bytes()).unwrap();
    let mut heard = String::new();
    let mut some = [0; 1024];
    while !heard.ends_with("welcome") {
        let count = stream.read(&mut some).unwrap();
        heard.push_str(std::str::from_utf8(&some[..count]).unwrap());
    }
    stream.write_all(b"hello").unwrap();
    stream.read_to_string(&mut heard).unwrap();
    drop(stream.shutdown(Shutdown::Both));
    let (_, heard) = heard.split_once("\r\n\r\n").unwrap();
    heard.to_owned()
}

#[test]
fn what_passes_and_its_line_in_the_log_are_the_same() {
    let pair = pair();
    assert_eq!(converse(pair.nginx.http), "welcomehello");
    assert_eq!(converse(pair.edge.http), "welcomehello");
    let ours = || std::fs::read_to_string(pair.edge.path("access.log")).unwrap_or_default();
    pair.edge.eventually("both have logged it", || {
        !pair.nginx.read("access.log").is_empty() && !ours().is_empty()
    });
    let line = |text: &str| -> Vec<String> {
        let fields = text.trim().split('|').map(str::to_owned);
        // The edge's own identifiers make its request longer.
        fields
            .enumerate()
            .filter(|(index, _)| *index != 5)
            .map(|(_, field)| field)
            .collect()
    };
    assert_eq!(line(&ours()), line(&pair.nginx.read("access.log")));
}
