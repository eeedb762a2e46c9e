//! What is agreed on, and what is not.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};

use super::client::Client;
use super::{SITE, listener, simple};
use crate::http::request;
use crate::logs::lines;
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, raw, server};
use crate::upstream_tls::Authority;

#[test]
fn https_is_known_as_such() {
    let (edge, mut client, _authority) = simple("");
    let answer = client.get(edge.http, "a.test").text;
    assert!(answer.ends_with("\r\n\r\nhttps on a.test "), "{answer}");
    assert!(
        answer.contains("\r\nStrict-Transport-Security: max-age="),
        "{answer}"
    );
    // The two workers log side by side: the first line is waited for before there is a second.
    let first = lines(&edge, "access.log", 1);
    let expected = "TLSv1.3 TLS_AES_256_GCM_SHA384 X25519MLKEM768 - a.test . NONE /";
    assert_eq!(first, [expected]);
    client.config.alpn_protocols = vec![b"http/1.1".to_vec()];
    client.get(edge.http, "a.test");
    let both = lines(&edge, "access.log", 2);
    assert!(both[1].contains(" http/1.1 a.test r NONE /"), "{both:?}");
    let labels = ["version=\"TLSv1.3\"", "resumed=\"false\""];
    edge.counts("edge_tls_handshakes_total", &labels, 1);
}

#[test]
fn servers_are_told() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let origin = Origin::saying("in");
    let site = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&listener(&authority, &["a"], "", &site));
    Client::new(&authority).get(edge.http, "a.test");
    assert_eq!(origin.seen()[0].header("x-forwarded-proto"), Some("https"));
}

#[test]
fn versions_and_suites_are_as_configured() {
    let (edge, _, authority) = simple("");
    let only = |version| Client::with(&authority, aws_lc_rs::default_provider(), &[version], None);
    only(&TLS12).get(edge.http, "a.test");
    only(&TLS13).get(edge.http, "a.test");
    edge.configure(&listener(&authority, &["a"], ", min_version = '1.3'", SITE));
    assert!(edge.reload().status.success());
    only(&TLS12).ask(edge.http, "a.test", "").err().unwrap();
    only(&TLS13).get(edge.http, "a.test");
    edge.counts(
        "edge_tls_handshake_failures_total",
        &["cause=\"incompatible\""],
        1,
    );
    let suites = ", cipher_suites = ['TLS_CHACHA20_POLY1305_SHA256', \
                  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256']";
    edge.configure(&listener(&authority, &["a"], suites, SITE));
    assert!(edge.reload().status.success());
    only(&TLS12).get(edge.http, "a.test");
    only(&TLS13).get(edge.http, "a.test");
    let log = || fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("the suites are those", || {
        log().contains("TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 ")
            && log().contains("TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 ")
    });
    // A client without the exchange of keys that is safe from quantum computers is served as well.
    let groups = vec![aws_lc_rs::kx_group::SECP256R1];
    let provider = CryptoProvider {
        kx_groups: groups,
        ..aws_lc_rs::default_provider()
    };
    Client::with(&authority, provider, &[&TLS13], None).get(edge.http, "a.test");
    edge.eventually("the group is told", || log().contains(" prime256v1 "));
}

#[test]
fn plain_http_is_told_what_is_wrong() {
    let (edge, _, _authority) = simple("");
    let answer = raw(edge.http, b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("HTTP without TLS came to a port for HTTPS"),
        "{answer}"
    );
    assert_eq!(raw(edge.http, b"\x00\x01\x02\x03"), "");
    for cause in ["plain_http", "no_tls"] {
        let labels = [&*format!("cause=\"{cause}\"")];
        edge.counts("edge_tls_handshake_failures_total", &labels, 1);
    }
    edge.counts("edge_failures_total", &["reason=\"plain_http\""], 1);
}

#[test]
fn who_does_not_go_on_is_left() {
    let (edge, client, _authority) = simple(", handshake_timeout = '300ms'");
    // The first bytes of a ClientHello, and then nothing.
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        assert_eq!(raw(edge.http, bytes), "");
    }
    edge.counts(
        "edge_tls_handshake_failures_total",
        &["cause=\"timeout\""],
        2,
    );
    let mut gone = TcpStream::connect(edge.http).unwrap();
    gone.write_all(b"\x16\x03\x01\x02\x00").unwrap();
    gone.shutdown(Shutdown::Both).unwrap();
    edge.counts(
        "edge_tls_handshake_failures_total",
        &["cause=\"client_gone\""],
        1,
    );
    client.get(edge.http, "a.test");
    edge.counts("edge_connections", &[], 0);
}

#[test]
fn an_idle_connection_is_ended_in_an_orderly_way() {
    let (edge, client, authority) = simple("");
    let config = listener(&authority, &["a"], "", SITE);
    edge.configure(&format!("{config}[client]\nkeepalive_timeout = '200ms'\n"));
    assert!(edge.reload().status.success());
    let mut stream = client.connect(edge.http, "a.test");
    for _ in 0..3 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            .unwrap();
        let mut read = [0; 4096];
        let count = stream.read(&mut read).unwrap();
        assert!(read[..count].starts_with(b"HTTP/1.1 200 "));
    }
    // Without close_notify this would be an error.
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn large_bodies_pass_both_ways() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let origin = Origin::start(|seen, stream| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            seen.body.len()
        );
        stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&seen.body).is_ok()
    });
    let site = proxy_to(&[server(origin.address, "")]);
    let site = site.replace("[[site]]\n", "[[site]]\nmax_body = '10M'\n");
    let edge = Edge::start(&listener(&authority, &["a"], "", &site));
    let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let mut stream = Client::new(&authority).connect(edge.http, "a.test");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(&body));
}

#[test]
fn the_proxy_protocol_comes_before() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let tls = listener(&authority, &["a"], "", "");
    let site = "[[site]]\n[[site.route]]\npath = '/'\n\
                respond = { status = 200, text = '$remote_addr $scheme' }\n";
    let config = format!("proxy_protocol = {{ from = ['127.0.0.1'] }}\n{tls}{site}");
    let edge = Edge::start(&config);
    let client = Client::new(&authority);
    // In one segment with what follows, and in one of its own.
    for wait in [0, 50] {
        let mut stream = TcpStream::connect(edge.http).unwrap();
        stream
            .write_all(b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n")
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let mut stream = client.over(stream, "a.test");
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("192.0.2.7 https"), "{answer}");
    }
}

#[test]
fn clients_are_sent_to_https_and_not_round_in_circles() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let plain = free_address();
    let site = format!(
        "[[listener]]\naddress = '{plain}'\n[client]\ntrusted = ['127.0.0.1']\n\
         [[site]]\nhttps_only = 8443\n[[site.route]]\npath = '/'\n\
         respond = {{ status = 200, text = '$scheme' }}\n"
    );
    let edge = Edge::start(&listener(&authority, &["a"], "", &site));
    let ask = |head: &str| request(plain, &format!("{head}\r\n\r\n"));
    let sent = ask("GET /x?y HTTP/1.1\r\nHost: a.test");
    let location = sent.header("location");
    assert_eq!(
        (sent.status, location),
        (301, Some("https://a.test:8443/x?y"))
    );
    let sent = ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0");
    assert_eq!(sent.status, 308);
    assert_eq!(ask("GET / HTTP/1.0").status, 400, "where to?");
    assert!(
        Client::new(&authority)
            .get(edge.http, "a.test")
            .text
            .ends_with("https")
    );
    // A load balancer that speaks TLS passes on what is HTTPS to its clients.
    let passed_on = ask("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: https");
    assert_eq!((passed_on.status, passed_on.text()), (200, "https"));
}

#[test]
fn http_2_is_agreed_on_by_alpn() {
    let (edge, client, _authority) = simple("");
    // A client that asks for nothing gets HTTP/1, whatever its first words are.
    let mut stream = client.connect(edge.http, "a.test");
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 505");
    let name = "--resolve a.test:PORT:127.0.0.1 https://a.test:PORT/";
    let name = name.replace("PORT", &edge.http.port().to_string());
    for (flag, version) in [("--http2", "2 200 https"), ("--http1.1", "1.1 200 https")] {
        let said = std::process::Command::new("curl")
            .args([
                "-sk",
                "-m",
                "10",
                flag,
                "-w",
                " %{http_version} %{response_code} %{scheme}",
            ])
            .args(name.split(' '))
            .output()
            .unwrap();
        let said = String::from_utf8(said.stdout).unwrap().to_lowercase();
        assert!(said.ends_with(version), "{said}");
    }
}

#[test]
fn a_tunnel_begins_over_tls() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let origin = Origin::start(|_, stream| {
        let head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: echo\r\n\r\n";
        stream.write_all(head).unwrap();
        let mut read = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut read) {
            stream.write_all(&read[..count]).unwrap();
        }
        false
    });
    let site = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&listener(&authority, &["a"], "", &site));
    let mut stream = Client::new(&authority).connect(edge.http, "a.test");
    let head = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut read = vec![0; 4096];
    let count = stream.read(&mut read).unwrap();
    assert!(read[..count].starts_with(b"HTTP/1.1 101 "));
    for length in [1, 1000, 1024] {
        let said = vec![b'x'; length];
        stream.write_all(&said).unwrap();
        let mut heard = vec![0; length];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(heard, said);
    }
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    assert_eq!(
        stream.read(&mut read).unwrap(),
        0,
        "the end is passed on, and comes back"
    );
}
