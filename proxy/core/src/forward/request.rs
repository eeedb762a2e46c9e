//! The request as the upstream server gets it.

use super::forwarded::{self, Hop};
use super::{Passed, is_named, names_headers, wants_trailers, write_header, write_number};
use crate::headers::Edit;
use crate::http::{BodyLength, Header, Name, RequestHead, Upgrade};
use crate::tls::{Certificate, is_reserved};
use crate::trace::{Id, Trace, sane_request_id};

/// What changes between the client's request and the upstream's.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Path and query to ask for.
    pub target: &'a str,
    /// The Host to send where the client sent none (HTTP/1.0): the upstream's name, as nginx's
    /// `$proxy_host`.
    pub default_host: &'a str,
    /// The client's address without port; where a trusted proxy speaks for it, that of the client
    /// and not of the proxy.
    pub client: &'a str,
    /// `http` or `https`, as the client connected to us or to a trusted proxy.
    pub scheme: &'static str,
    /// The body as it is sent on; a buffered one has a known length.
    pub body: BodyLength,
    /// The trace the request belongs to.
    pub trace: &'a Trace,
    /// The span of this try, the server's parent.
    pub span: &'a Id<16>,
    /// What identifies the request unless the client's own X-Request-ID will do.
    pub request_id: &'a str,
    /// Whether X-Real-IP and the X-Forwarded headers are sent.
    pub usual: bool,
    /// Who passed the request on, if Forwarded is sent.
    pub hop: Option<Hop>,
    /// The protocols that the server may switch to.
    pub upgrade: &'a Upgrade<'a>,
    /// Who the client is by its certificate.
    pub certificate: Option<&'a Certificate>,
    /// What the configuration changes.
    pub edit: &'a Edit<'a>,
}

/// Writes the request head to `out`, its empty line included.
///
/// X-Real-IP and X-Forwarded-Proto are replaced, and the client's address is appended to
/// X-Forwarded-For (nginx's `$proxy_add_x_forwarded_for`), so that a client cannot speak for
/// another. HTTP/1.1 is spoken upstream whatever the client speaks.
pub fn write_request(out: &mut Vec<u8>, head: &RequestHead<'_>, to: &Outgoing<'_>) {
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(to.target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let host = if head.authority.is_empty() {
        to.default_host
    } else {
        head.authority
    };
    let own_id = sane_request_id(&head.headers);
    let edits = to.edit.drops_some();
    let own = |out: &mut Vec<u8>, name: &str, value: &[u8]| {
        if !edits || !to.edit.drops(name) {
            write_header(out, name, value);
        }
    };
    own(out, "Host", host.as_bytes());
    if to.usual {
        own(out, "X-Real-IP", to.client.as_bytes());
        write_forwarded_for(out, head, to);
        own(out, "X-Forwarded-Proto", to.scheme.as_bytes());
    }
    if let Some(hop) = to.hop.as_ref().filter(|_| !to.edit.drops("Forwarded")) {
        forwarded::write(out, head, hop);
    }
    own(
        out,
        "X-Request-ID",
        own_id.unwrap_or(to.request_id.as_bytes()),
    );
    if let Some(certificate) = to.certificate {
        for (name, value) in certificate.lines() {
            own(out, name, value.as_bytes());
        }
    }
    to.trace.write(out, to.span, &head.headers);
    write_clients_own(out, head, to);
    to.edit.write(out);
    write_hop(out, head, to.upgrade);
    match to.body {
        BodyLength::Known(length) => write_length(out, length),
        BodyLength::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        // A POST that said that its body is empty must go on saying it (RFC 9110 §8.6).
        BodyLength::Empty
            if head.headers.has(Name::ContentLength)
                || head.headers.has(Name::TransferEncoding) =>
        {
            write_length(out, 0);
        }
        BodyLength::Empty | BodyLength::UntilClose => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// What is for the next hop only.
fn write_hop(out: &mut Vec<u8>, head: &RequestHead<'_>, upgrade: &Upgrade<'_>) {
    if !upgrade.is_empty() {
        // As browsers write it; servers that compare the whole of Connection exist.
        out.extend_from_slice(b"Connection: Upgrade\r\n");
        write_header(out, "Upgrade", upgrade.protocols().join(", ").as_bytes());
    } else if wants_trailers(head) {
        // TE is for one hop, so Connection has to name it (RFC 9110 §10.1.4).
        out.extend_from_slice(b"TE: trailers\r\nConnection: TE\r\n");
    }
}

/// Writes the lines of the client's that go on.
fn write_clients_own(out: &mut Vec<u8>, head: &RequestHead<'_>, to: &Outgoing<'_>) {
    let named = names_headers(&head.headers);
    let edits = to.edit.drops_some();
    let ends_here = |line: &Header<'_>| {
        (to.hop.is_some() && line.raw_name.eq_ignore_ascii_case("forwarded"))
            || (named && is_named(&head.headers, line))
            || (edits && to.edit.drops(line.raw_name))
            || (line.name == Name::Other && is_reserved(line.raw_name))
    };
    let mut passed = Passed::of(&head.headers);
    for header in &head.headers {
        if goes_on(header.name) && !ends_here(header) {
            passed.pass(out, header);
        }
    }
    passed.finish(out);
}

fn write_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    write_number(out, length);
    out.extend_from_slice(b"\r\n");
}

fn write_forwarded_for(out: &mut Vec<u8>, head: &RequestHead<'_>, to: &Outgoing<'_>) {
    if to.edit.drops("X-Forwarded-For") {
        return;
    }
    out.extend_from_slice(b"X-Forwarded-For: ");
    for value in head.headers.all(Name::XForwardedFor) {
        out.extend_from_slice(value);
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(to.client.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Whether a client's header goes on as it is: not if it concerns this connection only, and not if
/// the edge writes its own.
fn goes_on(name: Name) -> bool {
    !matches!(
        name,
        Name::Connection
            | Name::ContentLength
            | Name::Expect
            | Name::Host
            | Name::Http2Settings
            | Name::KeepAlive
            | Name::ProxyConnection
            | Name::Te
            | Name::Traceparent
            | Name::Tracestate
            | Name::Trailer
            | Name::TransferEncoding
            | Name::Upgrade
            | Name::XForwardedFor
            | Name::XForwardedProto
            | Name::XRealIp
            | Name::XRequestId
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Edit, Outgoing, write_request};
    use crate::http::{HeadEnd, RequestHead, find_head_end};
    use crate::trace::{Drawn, Trace};

    fn forwarded(request: &str) -> String {
        let head = RequestHead::parse(request.as_bytes()).unwrap();
        let drawn = Drawn {
            trace: 1,
            span: 2,
            sampled: false,
        };
        let trace = Trace::of(&head.headers, drawn);
        let to = Outgoing {
            target: head.target,
            default_host: "web",
            client: "192.0.2.1",
            scheme: "http",
            body: head.body,
            trace: &trace,
            span: &trace.span_id,
            request_id: "r1",
            usual: true,
            hop: None,
            upgrade: &head.upgrade,
            certificate: None,
            edit: &Edit::default(),
        };
        let mut out = Vec::new();
        write_request(&mut out, &head, &to);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hop_by_hop_headers_end_here() {
        let request = "GET /a HTTP/1.1\r\nHost: A\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\
                       TE: gzip\r\nUpgrade: x\r\nKeep-Alive: 5\r\nAccept: */*\r\n\r\n";
        assert_eq!(
            forwarded(request),
            "GET /a HTTP/1.1\r\nHost: A\r\nX-Real-IP: 192.0.2.1\r\n\
             X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Request-ID: r1\r\n\
             traceparent: 00-00000000000000000000000000000001-0000000000000002-02\r\n\
             Accept: */*\r\n\r\n"
        );
    }

    #[test]
    fn an_upgrade_goes_on_without_what_is_http() {
        let request = "GET /a HTTP/1.1\r\nHost: A\r\nUpgrade: h2c, websocket\r\n\
                       Connection: keep-alive, upgrade, HTTP2-Settings\r\n\
                       HTTP2-Settings: AAMAAABkAAQAAP__\r\nTE: trailers\r\n\r\n";
        let sent = forwarded(request);
        assert!(
            sent.ends_with("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
            "{sent}"
        );
        assert!(!sent.contains("HTTP2-Settings"), "{sent}");
        let h2c = forwarded(&request.replace(", websocket", ""));
        assert!(!h2c.contains("Upgrade"), "{h2c}");
        assert!(!h2c.contains("HTTP2-Settings"), "{h2c}");
        let unnamed = request.replace(", HTTP2-Settings\r\n", "\r\n");
        assert!(!forwarded(&unnamed).contains("HTTP2-Settings"));
    }

    #[test]
    fn a_client_cannot_speak_for_another() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 9.9.9.9\r\n\
                       X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\n\r\n";
        let forwarded = forwarded(request);
        assert!(
            forwarded.contains("X-Forwarded-For: 8.8.8.8, 192.0.2.1\r\n"),
            "{forwarded}"
        );
        assert!(
            !forwarded.contains("9.9.9.9") && !forwarded.contains("https"),
            "{forwarded}"
        );
    }

    #[test]
    fn http_1_0_without_host_gets_one() {
        assert!(forwarded("GET / HTTP/1.0\r\n\r\n").contains("\r\nHost: web\r\n"));
    }

    #[test]
    fn an_empty_body_stays_empty() {
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        assert!(forwarded(request).contains("Content-Length: 0\r\n"));
        assert!(!forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n").contains("Content-Length"));
    }

    proptest! {
        /// What is sent on reads as one request that means the same, whatever passed the gate.
        #[test]
        fn reads_back_as_one_request(
            lines in prop::collection::vec("[A-Za-z-]{1,12}: [ -~]{0,12}", 0..6),
            length in prop::option::of(0u64..100),
        ) {
            let length = length.map_or(String::new(), |n| format!("Content-Length: {n}\r\n"));
            let lines = lines.into_iter().chain([String::new()]).collect::<Vec<_>>().join("\r\n");
            let request = format!("POST /a HTTP/1.1\r\nHost: a\r\n{lines}{length}\r\n");
            if let Ok(head) = RequestHead::parse(request.as_bytes()) {
                let body = head.body;
                let sent = forwarded(&request);
                prop_assert_eq!(
                    find_head_end(sent.as_bytes(), 0), HeadEnd::Complete(sent.len()));
                let read = RequestHead::parse(sent.as_bytes()).unwrap();
                prop_assert_eq!(read.body, body);
                prop_assert_eq!(read.target, "/a");
            }
        }
    }
}
