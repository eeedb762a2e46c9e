//! Why the edge did not pass on a server's whole answer: one table for status, log, metric, header
//! and human. `docs/reasons.md` is compared with it.

/// Why the edge answered a request itself, or did not finish answering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The status that the client is sent; 499 and 0 are for the log only.
    pub status: u16,
    /// A stable word for metrics and logs.
    pub code: &'static str,
    /// What happened, for a person.
    pub meaning: &'static str,
}

impl Reason {
    /// Of an answer that the configuration demands: a status, and nothing to explain.
    pub fn configured(status: u16) -> Self {
        Self {
            status,
            code: CONFIGURED,
            meaning: "",
        }
    }

    /// Whether it is of an answer that the configuration demands.
    pub fn is_configured(self) -> bool {
        self.code == CONFIGURED
    }

    /// Whether the connection is closed after the answer, whatever the client would like (EDGE E2):
    /// after these the edge cannot be sure where the next request begins, or that it would end well.
    pub fn closes_connection(self) -> bool {
        matches!(self.status, 400 | 408 | 413 | 414 | 431 | 500 | 501 | 505)
    }
}

const CONFIGURED: &str = "configured";

/// Declares the reasons, and the list of them all.
macro_rules! reasons {
    ($($name:ident $status:literal $code:literal $meaning:literal;)*) => {
        #[expect(missing_docs, reason = "each has its meaning in itself")]
        impl Reason {
            $(pub const $name: Self = Self { status: $status, code: $code, meaning: $meaning };)*

            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
    BAD_REQUEST_LINE 400 "bad_request_line" "the request line is malformed";
    BAD_METHOD 400 "bad_method" "the method is not in upper case";
    BAD_TARGET 400 "bad_target" "the request target is neither a path nor a URL with a host and a path";
    BAD_PATH_ESCAPE 400 "bad_path_escape" "a percent sign in the path is not followed by two hexadecimal digits";
    ZERO_BYTE_IN_PATH 400 "zero_byte_in_path" "the path contains a zero byte";
    PATH_ABOVE_ROOT 400 "path_above_root" "the path leaves the root";
    BAD_LINE_END 400 "bad_line_end" "a line of the head does not end in CRLF";
    HEAD_INCOMPLETE 400 "head_incomplete" "the head is incomplete";
    BAD_HEADER_NAME 400 "bad_header_name" "a header name is malformed";
    BAD_HEADER_VALUE 400 "bad_header_value" "a header value is malformed";
    TOO_MANY_HEADERS 400 "too_many_headers" "there are more header lines than max_headers";
    HOST_MISSING 400 "host_missing" "no Host header in HTTP/1.1";
    HOST_REPEATED 400 "host_repeated" "more than one Host header";
    BAD_HOST 400 "bad_host" "the Host header is not a host name";
    HOST_CONTRADICTS 400 "host_contradicts" "the request line and the Host header name different hosts";
    BAD_LENGTH 400 "bad_length" "Content-Length is not one decimal number";
    LENGTH_REPEATED 400 "length_repeated" "more than one Content-Length";
    LENGTH_AND_CODING 400 "length_and_coding" "both Content-Length and Transfer-Encoding";
    BAD_CODING 400 "bad_coding" "a control character before the Transfer-Encoding";
    CODING_REPEATED 400 "coding_repeated" "more than one Transfer-Encoding";
    CODING_IN_HTTP10 400 "coding_in_http10" "Transfer-Encoding in HTTP/1.0";
    BAD_CONNECTION 400 "bad_connection" "Connection names a header that must be forwarded";
    PLAIN_HTTP 400 "plain_http" "HTTP without TLS came to a port for HTTPS";
    BAD_CHUNK 400 "bad_chunk" "the chunks of the request body are malformed";
    UNAUTHENTICATED 401 "unauthenticated" "this asks for a name and a password (basic_auth)";
    FILE_FORBIDDEN 403 "file_forbidden" "the file may not be read, or the directory has no index";
    AUTH_REFUSED 403 "auth_refused" "the service that says who may ask has refused this (forward_auth)";
    ACCESS_DENIED 403 "access_denied" "this address may not ask for this";
    NO_ROUTE 404 "no_route" "no route of this site takes this path";
    NO_FILE 404 "no_file" "there is no such file";
    METHOD_NOT_ALLOWED 405 "method_not_allowed" "the method is CONNECT or TRACE, or not GET or HEAD where there is only to be read";
    FILES_ARE_READ 405 "files_are_read" "files can only be read, by GET and HEAD";
    HEADER_TIMEOUT 408 "header_timeout" "the request head did not arrive in time";
    BODY_TIMEOUT 408 "body_timeout" "the request body stopped arriving";
    OTHER_VERSION 412 "other_version" "the file is not the version that the client wants (If-Match, If-Unmodified-Since)";
    BODY_TOO_LARGE 413 "body_too_large" "the request body is larger than this route allows (max_body)";
    URI_TOO_LONG 414 "uri_too_long" "the request line is longer than max_uri";
    BEYOND_THE_END 416 "beyond_the_end" "the file does not reach as far as the range that the client wants";
    BAD_EXPECT 417 "bad_expect" "an expectation other than 100-continue";
    RATE_LIMITED 429 "rate_limited" "more requests than a rate limit has room for (rate_limit)";
    HEADER_TOO_LARGE 431 "header_too_large" "the request head is larger than max_header";
    HEADER_LINE_TOO_LONG 431 "header_line_too_long" "a header line is longer than max_header_line";
    CLIENT_GONE 499 "client_gone" "the client closed the connection before it had the whole answer";
    TOO_MANY_REDIRECTS 500 "too_many_redirects" "the request was passed on to other routes without end (X-Accel-Redirect, rewrite, try, error_page)";
    FILE_ERROR 500 "file_error" "a file cannot be read";
    TARGET_INVALID 500 "target_invalid" "what the variables of proxy.uri came to is no path";
    AUTH_UNAVAILABLE 500 "auth_unavailable" "the service that says who may ask has not said it (forward_auth)";
    SPOOL_ERROR 500 "spool_error" "a body cannot be stored for a slow client or server";
    CODING_UNKNOWN 501 "coding_unknown" "a Transfer-Encoding other than chunked";
    PROTOCOL_UNKNOWN 501 "protocol_unknown" "a CONNECT for a protocol other than websocket";
    NOTHING_TO_SWITCH 501 "nothing_to_switch" "the client wants a WebSocket over HTTP/2 where no server answers";
    UPSTREAM_UNKNOWN 502 "upstream_unknown" "what the variables of proxy.to came to is no upstream's name";
    CONNECT_REFUSED 502 "connect_refused" "the server refuses connections: it is not running";
    CONNECT_ERROR 502 "connect_error" "the server cannot be reached";
    TLS_HANDSHAKE 502 "tls_handshake" "no TLS with the server: its certificate is not trusted, or it speaks no TLS";
    SEND_ERROR 502 "send_error" "the connection broke while the request was sent";
    CLOSED_EARLY 502 "closed_early" "the server closed the connection without an answer";
    READ_ERROR 502 "read_error" "the connection broke while the answer was read";
    INVALID_HEADER 502 "invalid_header" "the server's answer is not valid HTTP";
    BAD_UPGRADE 502 "bad_upgrade" "the server switches to a protocol that nobody asked for, or before it has the request";
    NO_UPGRADE 502 "no_upgrade" "the server does not switch to WebSocket, and over HTTP/2 there is no other answer";
    HEADER_TOO_BIG 502 "header_too_big" "the head of the server's answer is too large";
    NO_LIVE_SERVER 502 "no_live_server" "no server of the upstream is live";
    NO_SERVER 503 "no_server" "the upstream has no server that may be asked";
    BUSY 503 "busy" "every server answers as many requests as it may";
    QUEUE_FULL 503 "queue_full" "too many requests wait for a server";
    QUEUE_TIMEOUT 503 "queue_timeout" "no server became free in time";
    CONNECT_TIMEOUT 504 "connect_timeout" "the server did not accept a connection in time";
    SEND_TIMEOUT 504 "send_timeout" "the server stopped taking the request";
    READ_TIMEOUT 504 "read_timeout" "the server did not answer in time";
    TRY_TIMEOUT 504 "try_timeout" "the server did not answer in the time for one try";
    BAD_VERSION 505 "bad_version" "an HTTP version other than 1.0 and 1.1";
    UPSTREAM_STATUS 0 "status" "the server answered with a status that counts as a failure (retry.on), and there was no other; the client gets that status";
    TUNNEL_TIMEOUT 0 "tunnel_timeout" "neither side of a tunnel said anything for tunnel_timeout";
    STOPPED 0 "stopped" "the edge was stopped and did not wait any longer (graceful_timeout)";
    CUT_OFF 0 "cut_off" "the server failed in the middle of its answer; the connection is closed so that the client notices";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Reason;

    #[test]
    fn codes_are_unique_words() {
        let codes: HashSet<&str> = Reason::ALL.iter().map(|reason| reason.code).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(codes.iter().all(|code| code.bytes().all(is_word)));
    }

    #[test]
    fn the_documentation_lists_them_all() {
        let written = include_str!("../../../docs/reasons.md");
        let rows = Reason::ALL.iter().map(|reason| {
            let status = match reason.status {
                0 => "-".to_owned(),
                status => status.to_string(),
            };
            format!("| `{}` | {status} | {} |\n", reason.code, reason.meaning)
        });
        let expected: String = rows.collect();
        let (_, listed) = written.split_once("|---|---|---|\n").unwrap();
        assert_eq!(
            listed, expected,
            "docs/reasons.md should end with:\n{expected}"
        );
    }
}
