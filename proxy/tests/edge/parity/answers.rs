//! Answers that the configuration makes itself (nginx's `return`).

use super::Pair;
use crate::origin::Origin;

fn pair() -> Pair {
    let nginx = "server { listen LISTEN;
        location = /text { return 200 \"$request_method $uri $arg_a from $remote_addr\\n\"; }
        location = /json { default_type application/json; return 503 '{\"down\":true}'; }
        location = /empty { return 200; }
        location = /none { return 204; }
        location = /gone { return 410; }
        location = /secret { return 403; }
        location = /hang { return 444; }
        location = /for-good { return 301 https://$host$request_uri; }
        location = /for-now { return 302 https://other.example/?from=$arg_a; }
        location = /as-it-is { return 308 https://$http_host$uri; }
        }";
    let route = |path: &str, action: &str| {
        format!("[[site.route]]\npath = {{ exact = \"{path}\" }}\n{action}\n")
    };
    let redirect = |path: &str, to: &str, status: u16| {
        let action = format!("redirect = {{ to = \"{to}\", status = {status} }}");
        route(path, &action)
    };
    let routes = [
        route(
            "/text",
            "respond = { status = 200, text = \"$request_method $uri $arg_a from $remote_addr\\n\" }",
        ),
        route(
            "/json",
            "respond = { status = 503, text = '{\"down\":true}', type = \"application/json\" }",
        ),
        route("/empty", "respond = { status = 200 }"),
        route("/none", "respond = { status = 204 }"),
        route("/gone", "respond = { status = 410 }"),
        route("/secret", "respond = { status = 403 }"),
        route("/hang", "respond = { status = 444 }"),
        redirect("/for-good", "https://$host$request_uri", 301),
        route(
            "/for-now",
            "redirect = \"https://other.example/?from=$arg_a\"",
        ),
        redirect("/as-it-is", "https://$http_host$uri", 308),
    ];
    let edge = format!("[[site]]\n{}", routes.concat());
    Pair::start(Vec::new(), nginx, &edge)
}

#[test]
fn e2_what_the_configuration_answers() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a.example:81\r\n\r\n");
    let requests = [
        get("/text?a=b%20c"),
        get("/te%78t"),
        "HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
        "GET /text HTTP/1.0\r\n\r\n".to_owned(),
        get("/json"),
        get("/none"),
        get("/gone"),
        get("/secret"),
        get("/hang"),
        get("/for-good?a=b&c"),
        get("/for-now?a=x"),
        get("/as-it-is"),
    ];
    let cases: Vec<_> = requests.iter().map(|one| (one.as_str(), &[][..])).collect();
    let pair = pair();
    pair.compare(&cases);
    // Nothing has no media type.
    pair.compare(&[(&get("/empty"), &["- content-type: text/plain"])]);
}

/// nginx sends what a client put into the path as it is, line ends and all.
#[test]
fn a_redirect_does_not_let_a_client_write_headers() {
    let config = "[[site]]\n[[site.route]]\npath = \"/\"\nredirect = \"https://$host$uri\"\n";
    let edge = crate::process::Edge::start(config);
    let reply = edge.get("/a%0d%0aSet-Cookie:%20x=1");
    assert_eq!(reply.status, 302);
    assert_eq!(
        reply.header("location"),
        Some("https://test/a%0D%0ASet-Cookie:%20x=1")
    );
    assert!(reply.header("set-cookie").is_none());
}

#[test]
fn a_connection_goes_on_after_an_answer_from_the_configuration() {
    let origin = Origin::saying("behind");
    let config = format!(
        "[upstream.web]\nserver = [{{ address = \"{}\" }}]\n[[site]]\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/ok\"\nrespond = {{ status = 200, text = \"ok\" }}\n",
        origin.address
    );
    let edge = crate::process::Edge::start(&config);
    let mut client = crate::http::Connection::new(edge.http);
    client.send("POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n");
    assert_eq!(client.reply().unwrap().text(), "ok");
    client.send("Host: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "behind");
    // The answer does not wait for the body, which comes in two pieces and with what follows it.
    client.send("POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na");
    assert_eq!(client.reply().unwrap().text(), "ok");
    client.send("bcdGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "behind");
    edge.counts("edge_requests_total", &["route=\"/ok\"", "code=\"200\""], 2);
}
