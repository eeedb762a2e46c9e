use std::time::Duration;

use super::*;
use crate::address::Peer;
use crate::expression::Captures;
use crate::http::RequestHead;

const HEAD: &[u8] = b"GET /a/../b?x=1&Y=2&z HTTP/1.1\r\nHost: X.com:80\r\n\
    User-Agent: t \"q\"\r\nCookie: a=1; b=2\r\nCookie: c=3\r\nX-Two: 1\r\nX-Two: 2\r\n\
    Authorization: Basic dXNlcjpwYXNz\r\nReferer:\r\n\r\n";

const TIME: Times<'_> = Times {
    local: "15/Jun/1990:12:30:00 +0000",
    iso: "1990-06-15T12:30:00+00:00",
    unix_millis: 645_453_000_000,
};

fn with_entry<T>(check: impl FnOnce(Values<'_>) -> T) -> T {
    let head = RequestHead::parse(HEAD).unwrap();
    let first = Try {
        address: "10.0.0.1:80",
        status: 502,
        response: Some(Duration::from_millis(1)),
        ..Try::default()
    };
    let tries = [
        first,
        Try {
            address: "10.0.0.2:80",
            status: 200,
            connect: Some(Duration::ZERO),
            header: Some(Duration::from_micros(2999)),
            response: Some(Duration::from_millis(1234)),
            sent: 10,
            received: 20,
            body: 5,
        },
    ];
    check(Values {
        request: Some(&head),
        line: Some(head.line.as_bytes()),
        client: Client {
            address: "192.0.2.1",
            peer: Peer::Ip("10.0.0.9".parse().unwrap()),
            port: 4711,
            connection: 7,
            requests: 2,
            pipelined: true,
            http2: false,
            scheme: "http",
            tls: None,
        },
        server: Server {
            address: Some("192.0.2.9:80".parse().unwrap()),
            site: "x.com",
            route: "/",
            hostname: "node1",
            pid: 42,
        },
        status: 200,
        complete: true,
        body_bytes_sent: 5,
        bytes_sent: 105,
        request_length: 70,
        request_time: Duration::from_micros(1_234_567),
        gzip: Some((2125, 1000)),
        sent_head: b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
        tries: &tries,
        upstream_name: "web",
        upstream_head: b"HTTP/1.1 200 OK\r\nServer: s\r\n\r\n",
        reason: "",
        limit_status: "",
        request_id: "0123456789abcdef0123456789abcdef",
        trace_id: "fedcba9876543210fedcba9876543210",
        time: TIME,
        path_groups: None,
        host_groups: None,
    })
}

/// A text with what groups found, for whatever request.
pub(crate) fn rendered_with(text: &Template, groups: &Captures) -> Vec<u8> {
    with_entry(|values| {
        let mut out = Vec::new();
        let values = Values {
            path_groups: Some(groups),
            ..values
        };
        text.render(&mut out, &values);
        out
    })
}

fn line(format: &Template, values: &Values<'_>) -> String {
    let mut out = Vec::new();
    format.line(&mut out, values);
    String::from_utf8(out).unwrap()
}

fn render(format: &str) -> String {
    let format = Template::parse(format, Escape::Default).unwrap();
    with_entry(|values| line(&format, &values))
}

#[test]
fn combined_is_nginx_s() {
    assert_eq!(
        with_entry(|values| line(&Template::combined().unwrap(), &values)),
        "192.0.2.1 - user [15/Jun/1990:12:30:00 +0000] \"GET /a/../b?x=1&Y=2&z HTTP/1.1\" 200 5 \
         \"\" \"t \\x22q\\x22\"\n"
    );
}

#[test]
fn json_is_json() {
    let line = with_entry(|values| line(&Template::json().unwrap(), &values));
    assert!(line.contains(r#""user_agent":"t \"q\"""#), "{line}");
    assert!(line.contains(r#""status":200,"#), "{line}");
    assert!(line.contains(r#""request_time":1.234,"#), "{line}");
    assert!(line.contains(r#""upstream_status":"502, 200""#), "{line}");
}

#[test]
fn variables_are_what_nginx_calls_them() {
    for (format, expected) in [
        ("${host}:$server_port", "x.com:80"),
        ("$remote_addr:$remote_port", "192.0.2.1:4711"),
        ("$server_addr $server_name $site", "192.0.2.9 x.com x.com"),
        ("$uri$is_args$args", "/b?x=1&Y=2&z"),
        ("$arg_x $arg_y $arg_z $arg_q", "1 2 - -"),
        ("$cookie_b $cookie_C $cookie_d", "2 3 -"),
        ("$http_cookie", "a=1; b=2; c=3"),
        ("$http_x_two|$http_none|$http_referer|", "1, 2|-||"),
        ("$sent_http_x_a $sent_http_content_type", "1, 2 a/b"),
        ("$upstream_http_server", "s"),
        ("$upstream_addr", "10.0.0.1:80, 10.0.0.2:80"),
        ("$upstream_status $upstream_name", "502, 200 web"),
        (
            "$upstream_connect_time $upstream_header_time",
            "-, 0.000 -, 0.002",
        ),
        ("$upstream_response_time", "0.001, 1.234"),
        (
            "$upstream_bytes_sent $upstream_bytes_received",
            "0, 10 0, 20",
        ),
        ("$upstream_response_length", "0, 5"),
        ("$connection $connection_requests $pipe", "7 2 p"),
        ("$request_completion $gzip_ratio", "OK 2.13"),
        ("$hostname $pid $scheme $https", "node1 42 http "),
        ("$content_length $content_type $reason", "- - -"),
        ("$msec $request_time", "645453000.000 1.234"),
        ("$request_id", "0123456789abcdef0123456789abcdef"),
        ("$binary_remote_addr", "\\xC0\\x00\\x02\\x01"),
        ("$proxy_add_x_forwarded_for", "192.0.2.1"),
        (
            "$request_method $server_protocol $status",
            "GET HTTP/1.1 200",
        ),
    ] {
        assert_eq!(render(format), format!("{expected}\n"), "{format}");
    }
}

#[test]
fn a_text_without_variables_may_hold_a_dollar_sign() {
    let text = Template::constant("/a$host/");
    assert!(text.is_constant());
    assert_eq!(with_entry(|values| line(&text, &values)), "/a$host/\n");
}

#[test]
fn what_was_never_known_is_a_hyphen() {
    let line = with_entry(|mut values| {
        values.request = None;
        values.line = None;
        values.tries = &[];
        values.status = 0;
        values.complete = false;
        values.gzip = None;
        let format = "$request|$http_a|$uri|$upstream_addr|$upstream_status|$status|\
                      $request_completion|$gzip_ratio|$host";
        line(&Template::parse(format, Escape::Default).unwrap(), &values)
    });
    assert_eq!(line, "-|-|-|-|-|000||-|x.com\n");
}

#[test]
fn conditions_are_nginx_s() {
    for (condition, holds) in [
        ("$arg_x", true),
        ("$arg_none", false),
        ("0", false),
        ("", false),
        ("00", true),
        ("$status", true),
    ] {
        let format = Template::parse(condition, Escape::None).unwrap();
        let mut out = b"kept".to_vec();
        assert_eq!(
            with_entry(|values| format.holds(&mut out, &values)),
            holds,
            "{condition}"
        );
        assert_eq!(out, b"kept");
    }
}

#[test]
fn mistakes_are_named() {
    let mistake = |text| Template::parse(text, Escape::Default).unwrap_err();
    assert_eq!(
        mistake("$remote_adr x").to_string(),
        "there is no variable `$remote_adr`"
    );
    assert_eq!(
        mistake("$remote_adr").help().as_deref(),
        Some("did you mean `$remote_addr`?")
    );
    assert_eq!(mistake("cost: $"), BadTemplate::NoName);
    assert_eq!(
        mistake("$http_").to_string(),
        "there is no variable `$http_`"
    );
}

#[test]
fn formats_ask_only_for_what_they_say() {
    assert_eq!(Template::combined().unwrap().needs(), Needs::default());
    let needs = |text| Template::parse(text, Escape::Default).unwrap().needs();
    assert!(needs("$upstream_status").tries && !needs("$upstream_status").header_time);
    assert!(needs("$sent_http_a").sent_head && !needs("$sent_http_a").upstream_head);
    assert!(needs("$status $server_port").server_addr);
}
