//! Answers that the edge makes itself: status, page, reason; side by side with nginx's.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::http::{Connection, Reply, request};
use crate::nginx::Nginx;
use crate::origin::{Origin, Seen, answer};
use crate::process::{Edge, free_address, proxy_to, raw, server};

/// An origin that fails in the way that the path says.
fn failing() -> Origin {
    Origin::start(|request: &Seen, stream| match request.path() {
        "/closed" => false,
        "/garbage" => and_close(stream, b"what\r\n\r\n"),
        "/cut" => and_close(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
        "/half" => and_close(stream, b"HTTP/1.1 200 OK\r\nX:"),
        "/slow" => {
            std::thread::sleep(Duration::from_secs(3));
            false
        }
        "/teapot" => {
            let text = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 3\r\n\r\ntea";
            stream.write_all(text.as_bytes()).is_ok()
        }
        _ => answer(stream, "fine"),
    })
}

fn and_close(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).unwrap();
    false
}

/// nginx and the edge before the same server, and before one that is not there.
fn both(origin: &Origin) -> (Nginx, Edge) {
    let dead = free_address();
    let nginx = Nginx::start(&format!(
        "client_max_body_size 10;\n\
         server {{ listen LISTEN; keepalive_timeout 75;\n\
         proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host;\n\
         proxy_read_timeout 1s; proxy_connect_timeout 1s;\n\
         location / {{ proxy_pass http://{}; }}\n\
         location /dead {{ proxy_pass http://{dead}; }}\n}}\n",
        origin.address
    ));
    let edge = Edge::start(&format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.dead]\nserver = [{{ address = \"{dead}\" }}]\n\
         [[site]]\nmax_body = \"10\"\n\
         [[site.route]]\npath = \"/dead\"\nproxy = {{ to = \"dead\" }}\n\
         [[site.route]]\npath = \"/\"\n\
         proxy = {{ to = \"web\", read_timeout = \"1s\", connect_timeout = \"1s\" }}\n",
        origin.address
    ));
    (nginx, edge)
}

/// The status, and whether the connection serves another request.
fn outcome(address: std::net::SocketAddr, text: &str) -> (u16, bool) {
    let mut client = Connection::new(address);
    client.send(text);
    let method = text.split(' ').next().unwrap();
    let reply = client.reply_to(method).unwrap();
    let again = client
        .stream
        .write_all(b"GET /fine HTTP/1.1\r\nHost: a\r\n\r\n")
        .is_ok();
    let kept = again && client.reply().is_ok_and(|reply| reply.status == 200);
    (reply.status, kept)
}

#[test]
fn t1_t2_t3_r4_e2_statuses_and_connections_are_nginx_s() {
    let origin = failing();
    let (nginx, edge) = both(&origin);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    for request in [
        get("/fine"),
        get("/teapot"),
        get("/dead"),
        get("/closed"),
        get("/half"),
        get("/slow"),
        "HEAD /dead HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /../.. HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000)),
    ] {
        let line = request.lines().next().unwrap();
        let line = line.get(..line.len().min(60)).unwrap();
        assert_eq!(
            outcome(edge.http, &request),
            outcome(nginx.http, &request),
            "the edge's and nginx's answer to {line}"
        );
    }
}

/// A listener whose queue is full, so that connecting to it takes for ever.
fn full() -> (Socket, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&free_address().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let patience = Duration::from_millis(200);
    let waiting = (0..64).map_while(|_| TcpStream::connect_timeout(&address, patience).ok());
    let waiting = waiting.collect();
    (socket, waiting)
}

#[test]
fn t1_t2_t3_servers_that_are_stuck_are_as_with_nginx() {
    let (full, _waiting) = full();
    let full = full.local_addr().unwrap().as_socket().unwrap();
    // Takes a connection and never reads.
    let deaf = TcpListener::bind(free_address()).unwrap();
    let (deaf, origin) = (
        deaf.local_addr().map(|address| (deaf, address)).unwrap(),
        failing(),
    );
    let nginx = Nginx::start(&format!(
        "server {{ listen LISTEN; client_max_body_size 0; proxy_connect_timeout 1s;\n\
         proxy_send_timeout 1s; proxy_read_timeout 5s;\n\
         location / {{ proxy_pass http://{}; }}\n\
         location /full {{ proxy_pass http://{full}; }}\n\
         location /deaf {{ proxy_pass http://{}; }} }}\n",
        origin.address, deaf.1
    ));
    let timeouts = "connect_timeout = \"1s\", send_timeout = \"1s\", read_timeout = \"5s\"";
    let parts = [
        ("web", "/", origin.address),
        ("full", "/full", full),
        ("deaf", "/deaf", deaf.1),
    ];
    let upstreams = parts.map(|(name, _, address)| {
        format!("[upstream.{name}]\nserver = [{{ address = \"{address}\" }}]\n")
    });
    let routes = parts.map(|(name, path, _)| {
        format!("[[site.route]]\npath = \"{path}\"\nproxy = {{ to = \"{name}\", {timeouts} }}\n")
    });
    let (config, routes) = (upstreams.concat(), routes.concat());
    let edge = Edge::start(&format!("{config}[[site]]\nmax_body = \"0\"\n{routes}"));
    let big = vec![b'x'; 20 << 20];
    for address in [edge.http, nginx.http] {
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(outcome(address, &get("/full")), (504, true));
        let mut client = Connection::new(address);
        let length = big.len();
        client.send(format!(
            "POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        ));
        client.send(&big);
        assert_eq!(client.reply().unwrap().status, 504);
        let cut = raw(address, get("/cut").as_bytes());
        assert!(
            cut.starts_with("HTTP/1.1 200") && cut.ends_with("\r\nabc"),
            "{cut}"
        );
    }
    for reason in ["connect_timeout", "send_timeout", "cut_off"] {
        let label = format!("reason=\"{reason}\"");
        edge.eventually(reason, || {
            edge.metric("edge_failures_total", &[&label]) == 1
        });
    }
}

/// Where the edge is on purpose not like nginx; each line is in docs/semantics.md.
#[test]
fn differences_from_nginx_are_those_that_are_written_down() {
    let origin = failing();
    let (nginx, edge) = both(&origin);
    let header = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "a".repeat(40_000)
    );
    for (request, ours, theirs) in [
        (header.as_str(), 431, 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400, 200),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, 200),
    ] {
        let status = |address| outcome(address, request).0;
        assert_eq!(
            (status(edge.http), status(nginx.http)),
            (ours, theirs),
            "{request}"
        );
    }
    // What has no status line nginx takes for an answer in HTTP/0.9, and passes on bare.
    let garbage = "GET /garbage HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(raw(nginx.http, garbage.as_bytes()).starts_with("what"));
    assert_eq!(outcome(edge.http, garbage).0, 502);
}

fn refused(edge: &Edge, accept: &str) -> Reply {
    request(
        edge.http,
        &format!("GET /dead HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n"),
    )
}

#[test]
fn e2_pages_are_html_or_json_and_say_what_to_quote() {
    let dead = free_address();
    let config = proxy_to(&[server(dead, "")]).replace(
        "[[site]]\n",
        "[[site]]\naccess_log = { path = \"access.log\", format = '$request_id $reason $sent_http_edge_reason' }\n",
    );
    // One worker, so that lines stand in the order of the requests.
    let edge = Edge::start(&format!("[server]\nthreads = 1\n{config}"));
    let page = refused(&edge, "text/html, */*;q=0.1");
    assert_eq!(page.status, 502);
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert_eq!(page.header("edge-reason"), Some("connect_refused"));
    assert!(page.text().contains("<h1>502 Bad Gateway</h1>"));
    let json = refused(&edge, "application/json");
    let body: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(body["success"], false);
    assert_eq!(body["error_type"], "upstream_error");
    edge.eventually("the log is written", || {
        std::fs::read_to_string(edge.path("access.log")).is_ok_and(|log| log.lines().count() == 2)
    });
    let log = std::fs::read_to_string(edge.path("access.log")).unwrap();
    let mut lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let (first, second) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(first[1..], ["connect_refused", "connect_refused"]);
    assert!(page.text().contains(first[0]), "{}", page.text());
    assert_eq!(body["request_id"], second[0]);
}

#[test]
fn only_the_trusted_learn_what_a_server_did() {
    let dead = free_address();
    let config = proxy_to(&[server(dead, "")]);
    let edge = Edge::start(&format!("[errors]\nreason_to = [\"10.0.0.0/8\"]\n{config}"));
    for accept in ["*/*", "application/json"] {
        let reply = refused(&edge, accept);
        assert_eq!(reply.status, 502);
        assert_eq!(reply.header("edge-reason"), None);
        assert!(!reply.text().contains("refuses"), "{}", reply.text());
    }
}

#[test]
fn every_failure_is_counted_by_its_reason() {
    let origin = failing();
    let (_nginx, edge) = both(&origin);
    for (text, reason) in [
        ("GET /dead HTTP/1.1\r\nHost: a\r\n\r\n", "connect_refused"),
        ("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n", "closed_early"),
        ("GET /garbage HTTP/1.1\r\nHost: a\r\n\r\n", "invalid_header"),
        ("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", "read_timeout"),
        ("GET / HTTP/1.1\r\n\r\n", "host_missing"),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "bad_path_escape"),
        ("GET / HTTP/1.1\nHost: a\n\n", "bad_line_end"),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_method"),
    ] {
        let reply = request(edge.http, text);
        assert_eq!(reply.header("edge-reason"), Some(reason), "{text}");
        let label = format!("reason=\"{reason}\"");
        edge.eventually(reason, || {
            edge.metric("edge_failures_total", &[&label]) == 1
        });
    }
}

/// A client that leaves while a server is being waited for is no failure of the server.
#[test]
fn r4_a_client_that_leaves_is_499() {
    let silent = TcpListener::bind(free_address()).unwrap();
    let edge = Edge::start(&proxy_to(&[server(silent.local_addr().unwrap(), "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let _asked = silent.accept().unwrap();
    drop(client);
    edge.eventually("it is counted", || {
        edge.metric("edge_failures_total", &["reason=\"client_gone\""]) == 1
            && edge.metric("edge_requests_total", &["code=\"499\""]) == 1
    });
}
