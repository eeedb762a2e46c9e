//! Whether a response waits for a slow client at the edge or at its server (nginx's
//! `proxy_buffering` and `X-Accel-Buffering`, EDGE F2, F3).

use crate::http::{Name, RequestHead, ResponseHead};

/// What a route says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffering {
    /// Whether responses wait at the edge.
    pub on: bool,
    /// How much of one may wait in a file; 0: none, only a little in memory.
    pub most_in_file: u64,
}

impl Buffering {
    /// How much of `response` may wait in a file; `None`: it waits at its server.
    ///
    /// The server has the last word. Event streams and gRPC are never kept: what is old when it
    /// arrives is worth nothing there, and they may have no end.
    pub fn of(&self, response: &ResponseHead<'_>) -> Option<u64> {
        let on = response
            .accel_buffering
            .unwrap_or(self.on && !is_stream(response));
        on.then_some(self.most_in_file)
    }
}

/// Whether a request is a stream of messages that are answered as they come (gRPC).
pub fn is_stream_of_messages(request: &RequestHead<'_>) -> bool {
    // The calls of browsers (gRPC-Web) have one message, which is as good as any other body.
    let kind = request.header("content-type").unwrap_or_default();
    let rest = kind.strip_prefix("application/grpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

fn is_stream(response: &ResponseHead<'_>) -> bool {
    response.value(Name::ContentType).is_some_and(|kind| {
        let starts = |with: &[u8]| {
            kind.get(..with.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        starts(b"text/event-stream") || starts(b"application/grpc")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_a_stream_and_grpc_web_is_not() {
        let of = |kind: &str| {
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n\r\n");
            is_stream_of_messages(&RequestHead::parse(head.as_bytes()).unwrap())
        };
        assert!(of("application/grpc") && of("application/grpc+proto"));
        assert!(!of("application/grpc-web+proto") && !of("application/json"));
    }

    #[test]
    fn f3_the_server_has_the_last_word() {
        let of = |on, lines: &str| {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
            let head = ResponseHead::parse(head.as_bytes(), false).unwrap();
            let most_in_file = 9;
            Buffering { on, most_in_file }.of(&head).is_some()
        };
        assert!(of(true, ""));
        assert!(!of(false, ""));
        assert!(!of(true, "X-Accel-Buffering: no\r\n"));
        assert!(of(false, "X-Accel-Buffering: yes\r\n"));
        assert!(!of(
            true,
            "Content-Type: text/event-stream; charset=utf-8\r\n"
        ));
        assert!(!of(true, "Content-Type: application/grpc-web+proto\r\n"));
    }
}
