//! Sending clients that came without TLS to the same address with it.

use crate::http::{Method, RequestHead};

/// Where TLS is spoken unless another port is named (RFC 9110 §4.2.2).
pub const PORT: u16 = 443;

/// The status and the URL that send a client to `https`; nothing if it does not say which host it asks.
///
/// 301 is what everybody understands; with a body to send again, 308 keeps the method (RFC 9110
/// §15.4.9).
pub fn redirect(head: &RequestHead<'_>, port: u16) -> Option<(u16, String)> {
    if head.host.is_empty() {
        return None;
    }
    let status = if matches!(head.method, Method::Get | Method::Head) {
        301
    } else {
        308
    };
    let (host, target) = (head.host, head.asked);
    let url = match port {
        PORT => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    };
    Some((status, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_url_stays() {
        let of = |text: &str, port| {
            let text = text.replace('\n', "\r\n");
            redirect(&RequestHead::parse(text.as_bytes()).unwrap(), port)
        };
        let to = |status, url: &str| Some((status, url.to_owned()));
        let get = "GET /a%20b?c=d HTTP/1.1\nHost: a.test:80\n\n";
        assert_eq!(of(get, 443), to(301, "https://a.test/a%20b?c=d"));
        assert_eq!(of(get, 8443), to(301, "https://a.test:8443/a%20b?c=d"));
        let post = "POST / HTTP/1.1\nHost: [::1]:80\nContent-Length: 0\n\n";
        assert_eq!(of(post, 443), to(308, "https://[::1]/"));
        let absolute = "GET http://b.test/x HTTP/1.1\nHost: b.test\n\n";
        assert_eq!(of(absolute, 443), to(301, "https://b.test/x"));
        assert_eq!(of("GET / HTTP/1.0\n\n", 443), None);
    }
}
