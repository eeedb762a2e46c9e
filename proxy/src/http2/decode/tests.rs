use edge_core::http::BodyLength;
use http::uri::Scheme;
use proptest::prelude::*;

use super::{Decoder, Malformed, Method, Step, request, response, websocket};

/// What came of a response that was written in `pieces`, of whose content at most `window` bytes
/// are taken at a time: statuses, content, and how often it ended.
fn decode(pieces: &[&[u8]], window: usize) -> Result<(Vec<u16>, Vec<u8>, usize), Malformed> {
    let mut decoder = Decoder::default();
    let (mut statuses, mut content, mut ends) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let used = match decoder.next(rest)? {
                Step::Framing(count) => count,
                Step::Head(count) => {
                    let (head, body) = response(decoder.head(), false)?;
                    statuses.push(head.status().as_u16());
                    if head.status().is_informational() {
                        decoder.begin_again();
                    } else {
                        ends += usize::from(decoder.begin(body)?);
                    }
                    count
                }
                Step::Content(count) => {
                    let count = count.min(window);
                    content.extend_from_slice(&rest[..count]);
                    ends += usize::from(decoder.sent(count));
                    count
                }
                Step::End(count) => {
                    ends += 1;
                    count
                }
            };
            rest = &rest[used..];
        }
    }
    if decoder.is_done() != (ends > 0) {
        return Err(Malformed);
    }
    Ok((statuses, content, ends))
}

#[test]
fn interim_responses_come_before_the_final_one() {
    let written = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let read = decode(&[written], 1);
    assert_eq!(read, Ok((vec![100, 200], b"ok".to_vec(), 1)));
}

#[test]
fn what_the_exchange_never_writes_is_refused() {
    for written in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
    ] {
        assert_eq!(
            decode(&[written], 9),
            Err(Malformed),
            "{}",
            written.escape_ascii()
        );
    }
}

#[test]
fn headers_of_the_connection_stay_behind() {
    let written = b"HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: a\r\nUpgrade: b\r\n\
                    Transfer-Encoding: chunked\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n";
    let (head, body) = response(written, false).unwrap();
    assert_eq!(body, BodyLength::Chunked);
    let lines: Vec<_> = head.headers().iter().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|(name, _)| *name == "set-cookie"));
}

#[test]
fn a_request_names_host_and_path() {
    let written = b"POST /a?b HTTP/1.1\r\nHost: a:81\r\nX-Real-IP: 1.1.1.1\r\n\
                    Content-Length: 3\r\n\r\n";
    let (head, body) = request(written, &Scheme::HTTPS).unwrap();
    assert_eq!(body, BodyLength::Known(3));
    assert_eq!(head.uri(), "https://a:81/a?b");
    assert_eq!(head.method(), "POST");
    let headers = head.headers();
    assert_eq!(headers.get("te").unwrap(), "trailers");
    assert_eq!(headers.get("x-real-ip").unwrap(), "1.1.1.1");
    assert!(!headers.contains_key("host"));
}

#[test]
fn bytes_that_a_path_may_not_hold_are_escaped() {
    let (head, _) = request(b"GET /<a`>?b HTTP/1.1\r\nHost: a\r\n\r\n", &Scheme::HTTP).unwrap();
    assert_eq!(head.uri(), "http://a/%3Ca%60%3E?b");
}

proptest! {
    /// The content is what was written, and the stream ends once, however it is cut up.
    #[test]
    fn ends_once_with_all_content(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        known in any::<bool>(),
        cuts in prop::collection::vec(0usize..500, 0..6),
        window in 1usize..50,
    ) {
        let content = chunks.concat();
        let mut written = if known {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", content.len()).into_bytes()
        } else {
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()
        };
        if known {
            written.extend_from_slice(&content);
        } else {
            for chunk in &chunks {
                written.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                written.extend_from_slice(chunk);
                written.extend_from_slice(b"\r\n");
            }
            written.extend_from_slice(b"0\r\n\r\n");
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(written.len())).collect();
        cuts.extend([0, written.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &written[ends[0]..ends[1]]).collect();
        prop_assert_eq!(decode(&pieces, window), Ok((vec![200], content, 1)));
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _outcome = decode(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes], 9);
        let _outcome = decode(&[&bytes], 9);
    }
}

#[test]
fn an_offer_of_websocket_becomes_an_extended_connect() {
    let head = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    let (mut request, body) = request(head, &Scheme::HTTP).unwrap();
    assert_eq!(body, BodyLength::Empty);
    assert_eq!(request.method(), Method::CONNECT);
    let protocol = request.extensions().get::<h2::ext::Protocol>();
    assert_eq!(protocol.map(h2::ext::Protocol::as_str), Some("websocket"));
    assert!(websocket::take_key(&mut request).is_some());
    assert!(request.headers().is_empty(), "{request:?}");
}

#[test]
fn a_tunnel_ends_when_somebody_says_so() {
    let mut decoder = Decoder::default();
    assert!(!decoder.end_tunnel());
    decoder.begin_tunnel();
    for text in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"0\r\n\r\n"] {
        assert_eq!(decoder.next(text), Ok(Step::Content(text.len())));
        assert!(!decoder.sent(text.len()));
    }
    assert!(decoder.end_tunnel() && decoder.is_done());
    assert_eq!(decoder.next(b"more"), Err(Malformed));
}
