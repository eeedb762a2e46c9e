//! The body of an answer that the edge makes itself: a page like nginx's, or JSON for programs.

use crate::forward::reason_phrase;
use crate::http::list;
use crate::reason::Reason;

/// What the body says.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Why there is no other answer.
    pub reason: Reason,
    /// Whether the client may know what happens behind the edge.
    pub trusted: bool,
    /// What the client can quote to an operator.
    pub request_id: &'a str,
}

impl Page<'_> {
    /// The media type and the content, in the form that `accept` asks for.
    pub fn content(&self, accept: &[u8]) -> (&'static str, String) {
        if prefers_json(accept) {
            ("application/json", self.json())
        } else {
            ("text/html", self.html())
        }
    }

    /// What the client did wrong is told to everybody, what a server did wrong only to the trusted.
    fn meaning(&self) -> Option<&'static str> {
        let meaning = (self.trusted || self.reason.status < 500).then_some(self.reason.meaning);
        meaning.filter(|meaning| !meaning.is_empty())
    }

    fn json(&self) -> String {
        let status = self.reason.status;
        let phrase = reason_phrase(status);
        let (before, meaning) = self.meaning().map_or(("", ""), |meaning| (": ", meaning));
        let kind = if status < 500 {
            "request_rejected"
        } else {
            "upstream_error"
        };
        format!(
            "{{\"success\":false,\"error\":\"{phrase}{before}{meaning}\",\"error_type\":\"{kind}\",\
             \"request_id\":\"{}\"}}\n",
            self.request_id
        )
    }

    fn html(&self) -> String {
        let status = self.reason.status;
        let phrase = reason_phrase(status);
        let meaning = self.meaning().map_or_else(String::new, |meaning| {
            format!("<center>{meaning}</center>\n")
        });
        format!(
            "<html>\n<head><title>{status} {phrase}</title></head>\n<body>\n\
             <center><h1>{status} {phrase}</h1></center>\n{meaning}\
             <hr><center>hifate-edge</center>\n<center><small>{}</small></center>\n\
             </body>\n</html>\n",
            self.request_id
        )
    }
}

/// Whether a client would rather have JSON than HTML (RFC 9110 §12.5.1). Where it likes both
/// equally, it is the one that is named more precisely, and a page if that does not decide it.
fn prefers_json(accept: &[u8]) -> bool {
    let json = liking(accept, "application/json", "application/*");
    let html = liking(accept, "text/html", "text/*");
    json > html
}

/// Weight in thousandths, and how precisely the type is named.
fn liking(accept: &[u8], full: &str, range: &str) -> (u32, u8) {
    let matching = list(accept).filter_map(|item| {
        let item = std::str::from_utf8(item).ok()?;
        let mut parameters = item.split(';').map(str::trim);
        let media_type = parameters.next()?;
        let precision = if media_type.eq_ignore_ascii_case(full) {
            3
        } else if media_type.eq_ignore_ascii_case(range) {
            2
        } else if media_type == "*/*" {
            1
        } else {
            return None;
        };
        let weight = parameters.find_map(|parameter| {
            let (name, weight) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then(|| thousandths(weight.trim()))
        });
        Some((precision, weight.unwrap_or(1000)))
    });
    // The most precise range decides, not the heaviest.
    let (precision, weight) = matching.max().unwrap_or((0, 0));
    if weight == 0 {
        (0, 0)
    } else {
        (weight, precision)
    }
}

/// `0.5` is 500. What is no weight counts as none.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if whole == "1" {
        return 1000;
    }
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    format!("{fraction:0<3}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_weighed() {
        for (accept, json) in [
            ("", false),
            ("*/*", false),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("application/json", true),
            ("application/json, text/plain, */*", true),
            ("text/html, application/json", false),
            ("text/html;q=0.5, application/json;q=0.9", true),
            ("text/html;q=0.9, Application/JSON; q=0.5", false),
            ("application/json;q=0, */*", false),
            ("application/*, text/html;q=0.1", true),
            ("text/html;q=0, */*", true),
            ("application/json;q=junk", false),
        ] {
            assert_eq!(prefers_json(accept.as_bytes()), json, "{accept}");
        }
    }

    #[test]
    fn strangers_do_not_learn_what_a_server_did() {
        let mut page = Page {
            reason: Reason::CONNECT_REFUSED,
            trusted: false,
            request_id: "id-1",
        };
        for accept in [b"text/html".as_slice(), b"application/json"] {
            let (_, content) = page.content(accept);
            assert!(!content.contains("refuses"), "{content}");
            assert!(content.contains("id-1") && content.contains("Bad Gateway"));
        }
        page.trusted = true;
        assert_eq!(
            page.content(b"application/json").1,
            "{\"success\":false,\"error\":\"Bad Gateway: the server refuses connections: it is not \
             running\",\"error_type\":\"upstream_error\",\"request_id\":\"id-1\"}\n"
        );
        page.trusted = false;
        page.reason = Reason::HOST_MISSING;
        assert!(page.content(b"").1.contains("no Host header"));
    }
}
