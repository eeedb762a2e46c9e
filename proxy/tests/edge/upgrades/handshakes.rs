//! What is offered to servers, what they may answer, and what becomes of the connection if they do not
//! switch.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::Duration;

use super::{ASK, SWITCH, echo, edge_before, hears, patient, rest, switched};
use crate::http::{Connection, Reply, request};
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

fn reason(reply: &Reply) -> Option<&str> {
    reply.header("edge-reason")
}

#[test]
fn the_offer_goes_on_in_its_usual_form() {
    let origin = echo();
    let edge = edge_before(&origin, "");
    let mut client = Connection::new(edge.http);
    client.send(ASK);
    let (status, headers) = client.head().unwrap();
    assert_eq!(status, 101);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Server", "Date", "Connection", "Upgrade", "X-App"]);
    let seen = &origin.seen()[0];
    assert!(seen.head.starts_with("GET /chat HTTP/1.1\r\nHost: a\r\n"));
    assert_eq!(seen.header("connection"), Some("Upgrade"));
    assert_eq!(seen.header("upgrade"), Some("websocket"));
    assert_eq!(
        seen.header("sec-websocket-key"),
        Some("dGhlIHNhbXBsZSBub25jZQ==")
    );
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert!(seen.header("x-request-id").is_some());
}

/// As `docker attach` does it.
#[test]
fn any_protocol_any_method_and_a_body() {
    let origin = Origin::start(|request, stream| {
        assert_eq!(request.body, b"{}");
        stream
            .write_all(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhi")
            .unwrap();
        false
    });
    for more in ["", ", request_buffering = false"] {
        let edge = edge_before(&origin, more);
        let mut client = Connection::new(edge.http);
        client.send(
            "POST /attach HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\
             Content-Length: 2\r\n\r\n{}",
        );
        assert_eq!(client.head().unwrap().0, 101, "{more}");
        client.stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = [0; 2];
        client.reader().read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hi");
    }
}

#[test]
fn a_server_that_does_not_switch_answers_as_ever() {
    let origin = Origin::start(|request, stream| match request.path() {
        "/chat" => stream
            .write_all(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
            .is_ok(),
        _ => answer(stream, "page"),
    });
    let edge = edge_before(&origin, "");
    let mut client = Connection::new(edge.http);
    client.send(ASK);
    let reply = client.reply().unwrap();
    assert_eq!((reply.status, reply.text()), (426, "no"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "page");
    assert_eq!(origin.connections(), 1, "it is kept, too");
}

/// EDGE §3.4: whether those bytes are HTTP is not for the edge to guess.
#[test]
fn what_follows_an_offer_that_is_not_taken_up_is_read_by_nobody() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(100));
        answer(stream, "page")
    });
    let edge = edge_before(&origin, "");
    let second = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n";
    // With the head, and behind it.
    for pause in [0, 30] {
        let mut client = Connection::new(edge.http);
        if pause == 0 {
            client.send(format!("{ASK}{second}"));
        } else {
            client.send(ASK);
            std::thread::sleep(Duration::from_millis(pause));
            client.send(second);
        }
        let reply = client.reply().unwrap();
        assert_eq!(reply.text(), "page");
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(client.is_closed());
    }
    let chunked = ASK.replace(
        "\r\n\r\n",
        "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    let mut client = Connection::new(edge.http);
    client.send(format!("{chunked}{second}"));
    assert_eq!(client.reply().unwrap().text(), "page");
    assert!(client.is_closed());
    let paths: Vec<String> = origin
        .seen()
        .iter()
        .map(|seen| seen.path().to_owned())
        .collect();
    assert_eq!(paths, ["/chat", "/chat", "/chat"]);
}

#[test]
fn what_follows_an_offer_waits_for_the_switch() {
    let origin = Origin::start(|_, stream| {
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let mut byte = [0];
        let early = stream.peek(&mut byte);
        assert!(early.is_err(), "a byte came before the switch");
        stream.write_all(SWITCH).unwrap();
        patient(stream);
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        stream.write_all(heard.as_bytes()).unwrap();
        false
    });
    let edge = edge_before(&origin, "");
    let mut client = Connection::new(edge.http);
    client.send(format!("{ASK}with the head,"));
    std::thread::sleep(Duration::from_millis(50));
    client.send(" behind it,");
    assert_eq!(client.head().unwrap().0, 101);
    client.send(" after it");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        rest(&mut client.stream),
        "with the head, behind it, after it"
    );
}

#[test]
fn a_server_may_speak_first() {
    let origin = super::switching(|stream| stream.write_all(b"welcome").unwrap());
    let edge = edge_before(&origin, "");
    let answer = crate::process::raw(edge.http, ASK.as_bytes());
    assert!(
        answer.ends_with("\r\nX-App: yes\r\n\r\nwelcome"),
        "{answer}"
    );
}

#[test]
fn a_switch_that_nobody_asked_for_is_no_answer() {
    let origin = Origin::start(|request, stream| {
        let to = match request.path() {
            "/h2c" => "h2c",
            "/none" => "",
            _ => "websocket",
        };
        let head =
            format!("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: {to}\r\n\r\n");
        stream.write_all(head.as_bytes()).is_ok()
    });
    let edge = edge_before(&origin, "");
    let plain = request(edge.http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((plain.status, reason(&plain)), (502, Some("bad_upgrade")));
    for path in ["/h2c", "/none"] {
        let reply = request(edge.http, &ASK.replace("/chat", path));
        assert_eq!((reply.status, reason(&reply)), (502, Some("bad_upgrade")));
    }
    let other = ASK.replace("websocket\r\n", "irc/1\r\n");
    let reply = request(edge.http, &other);
    assert_eq!((reply.status, reason(&reply)), (502, Some("bad_upgrade")));
    let old = ASK.replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(request(edge.http, &old).status, 502);
    assert!(
        origin
            .seen()
            .iter()
            .any(|seen| seen.header("upgrade").is_none())
    );
}

#[test]
fn a_switch_in_the_middle_of_the_request_is_no_answer() {
    let origin = Origin::start(|_, _| false);
    drop(origin);
    let listener = std::net::TcpListener::bind(free_address()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut some = [0; 100];
            stream.read_exact(&mut some).unwrap();
            stream.write_all(SWITCH).unwrap();
            // The rest of the body is not read; the socket stays open.
            std::thread::sleep(Duration::from_secs(3));
        }
    });
    let edge = Edge::start(&format!(
        "{}max_body = \"20M\"\n",
        proxy_to(&[server(address, "")])
    ));
    let length = 16 << 20;
    let head = ASK.replace("\r\n\r\n", &format!("\r\nContent-Length: {length}\r\n\r\n"));
    let mut client = Connection::new(edge.http);
    client.send(head).send(vec![b'x'; length]);
    let reply = client.reply().unwrap();
    assert_eq!((reply.status, reason(&reply)), (502, Some("bad_upgrade")));
}

/// "h2c smuggling": behind it requests would pass no gate.
#[test]
fn http_by_another_name_is_never_offered() {
    let origin = Origin::saying("page");
    let edge = edge_before(&origin, "");
    for lines in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/2.0, TLS/1.0\r\n",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    ] {
        let ask = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        assert_eq!(request(edge.http, &ask).text(), "page");
    }
    for seen in origin.seen() {
        assert!(seen.header("upgrade").is_none(), "{}", seen.head);
        assert!(seen.header("http2-settings").is_none(), "{}", seen.head);
        assert!(seen.header("connection").is_none(), "{}", seen.head);
    }
}

#[test]
fn another_server_is_asked_as_long_as_nobody_has_switched() {
    let (closing, origin) = (Origin::start(|_, _| false), echo());
    let edge = Edge::start(&proxy_to(&[
        server(free_address(), ", weight = 100"),
        server(closing.address, ", weight = 100"),
        server(origin.address, ""),
    ]));
    hears(&mut switched(&edge), "hello");
    assert_eq!(closing.connections(), 1);
}

#[test]
fn what_holds_for_answers_holds_for_a_switch() {
    let origin = echo();
    let edge = Edge::start(&format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\nsticky = {{ cookie = \"stay\" }}\n\
         [[site]]\nresponse_headers.set = {{ X-Edge = \"$status\" }}\n\
         [[site.route]]\npath = \"/chat\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/secret\"\ndeny = [\"127.0.0.1\"]\nproxy = {{ to = \"web\" }}\n",
        origin.address
    ));
    let mut client = Connection::new(edge.http);
    client.send(ASK);
    let (_, headers) = client.head().unwrap();
    let value = |name: &str| {
        let found = headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(value("X-Edge"), Some("101"));
    assert!(value("Set-Cookie").is_some_and(|cookie| cookie.starts_with("stay=")));
    let refused = request(edge.http, &ASK.replace("/chat", "/secret"));
    assert_eq!(refused.status, 403);
    assert_eq!(origin.seen().len(), 1);
}

#[test]
fn who_says_who_may_ask_is_not_offered_a_switch() {
    let (origin, door) = (echo(), Origin::saying("come in"));
    let edge = Edge::start(&format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.door]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\n[[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         forward_auth = {{ to = \"door\", uri = \"/verify\" }}\n",
        origin.address, door.address
    ));
    hears(&mut switched(&edge), "hello");
    let asked = &door.seen()[0];
    assert_eq!(asked.path(), "/verify");
    assert!(asked.header("upgrade").is_none(), "{}", asked.head);
}

/// It is the same request, elsewhere.
#[test]
fn a_server_may_lead_an_offer_to_another_route() {
    let origin = echo();
    let door = Origin::start(|_, stream| {
        let inside = "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /inside\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(inside.as_bytes()).is_ok()
    });
    let edge = Edge::start(&format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.door]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\n[[site.route]]\npath = \"/chat\"\nproxy = {{ to = \"door\" }}\n\
         [[site.route]]\npath = \"/inside\"\ninternal = true\nproxy = {{ to = \"web\" }}\n",
        origin.address, door.address
    ));
    hears(&mut switched(&edge), "hello");
    assert_eq!(origin.seen()[0].path(), "/inside");
}

/// What the edge answers itself, it answers.
#[test]
fn a_route_without_servers_switches_nothing() {
    let edge = Edge::start(
        "[[site]]\n[[site.route]]\npath = \"/\"\nrespond = { status = 200, text = \"me\" }\n",
    );
    let mut client = Connection::new(edge.http);
    for _ in 0..2 {
        client.send(ASK);
        assert_eq!(client.reply().unwrap().text(), "me");
    }
}
