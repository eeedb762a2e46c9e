use bytes::Bytes;
use edge_core::http::{
    BodyLength, Chunks, HeadEnd, Piece, RequestHead, ResponseHead, find_head_end,
};
use h2::ext::Protocol;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use proptest::prelude::*;
use tokio::io::ReadBuf;

use super::Encoder;

/// Reads all there is, `room` bytes at a time.
fn read(encoder: &mut Encoder, room: usize, text: &mut Vec<u8>) -> usize {
    let mut content = 0;
    while !encoder.is_drained() {
        let mut bytes = vec![0; room];
        let mut buffer = ReadBuf::new(&mut bytes);
        content += encoder.read(&mut buffer);
        text.extend_from_slice(buffer.filled());
    }
    content
}

fn head(request: http::request::Builder) -> String {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let mut text = Vec::new();
    read(&mut Encoder::request(&parts, true), 7, &mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn pseudo_headers_become_the_request_line_and_host() {
    let request = Request::get("http://example.com:81/a?b=c").header("accept", "*/*");
    assert_eq!(
        head(request),
        "GET /a?b=c HTTP/1.1\r\nhost: example.com:81\r\naccept: */*\r\n\r\n"
    );
    let request = Request::get("http://a/").header("host", "A");
    assert_eq!(head(request), "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let request = Request::builder().method("CONNECT").uri("a:80");
    assert!(head(request).starts_with("CONNECT a:80 HTTP/1.1\r\n"));
}

/// What the gate makes of them is in its own tests.
#[test]
fn what_is_ambiguous_stays_so_for_the_gate() {
    let two = head(Request::get("http://a/").header("host", "b"));
    assert!(RequestHead::parse(two.as_bytes()).is_err(), "{two}");
    let twice = Request::post("http://a/")
        .header("content-length", "1")
        .header("content-length", "1");
    let twice = head(twice);
    assert!(RequestHead::parse(twice.as_bytes()).is_err(), "{twice}");
}

#[test]
fn a_request_for_a_websocket_is_an_upgrade() {
    let request = Request::connect("http://a/chat?b")
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-key", "the client's own has no place")
        .header("content-length", "5")
        .header("te", "trailers")
        .header("origin", "http://a");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let mut encoder = Encoder::websocket_request(&parts, *b"the sample nonce");
    let mut text = Vec::new();
    read(&mut encoder, 7, &mut text);
    let head = RequestHead::parse(&text).unwrap();
    assert_eq!(head.line, "GET /chat?b HTTP/1.1");
    assert_eq!(head.upgrade.protocols(), ["websocket"]);
    assert_eq!(head.body, BodyLength::Empty);
    let key = head.header("sec-websocket-key");
    assert_eq!(key, Some("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(head.headers.len(), 5, "{head:?}");
    // What follows is not HTTP.
    encoder.put(Bytes::from_static(b"as it is"));
    let mut rest = Vec::new();
    read(&mut encoder, 3, &mut rest);
    encoder.end(None);
    assert_eq!(
        (rest.as_slice(), encoder.is_drained()),
        (&b"as it is"[..], true)
    );
}

/// The protocol is the client's text, and could end its line.
#[test]
fn another_protocol_is_for_the_gate_to_refuse() {
    let protocol = Protocol::from("a\r\nx: y");
    let text = head(Request::connect("http://a/").extension(protocol));
    let refused = RequestHead::parse(text.as_bytes()).unwrap_err();
    assert_eq!((refused.status, refused.code), (501, "protocol_unknown"));
    assert!(!text.contains("x: y"), "{text}");
}

#[test]
fn cookies_are_joined() {
    let request = Request::get("http://a/")
        .header("cookie", "a=1")
        .header("x", "y")
        .header("cookie", "b=2; c=3");
    assert_eq!(
        head(request),
        "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\ncookie: a=1; b=2; c=3\r\n\r\n"
    );
}

#[test]
fn a_response_says_where_its_body_ends() {
    let read_head = |length: Option<&str>, status: u16, method: &Method, ended: bool| {
        let mut response = Response::builder().status(status);
        if let Some(length) = length {
            response = response.header("content-length", length);
        }
        let (parts, ()) = response.body(()).unwrap().into_parts();
        let mut text = Vec::new();
        read(
            &mut Encoder::response(&parts, method, ended),
            1000,
            &mut text,
        );
        let head = ResponseHead::parse(&text, *method == Method::HEAD).unwrap();
        assert!(!head.keep_alive);
        head.body
    };
    let (get, head) = (Method::GET, Method::HEAD);
    assert_eq!(read_head(Some("5"), 200, &get, false), BodyLength::Known(5));
    assert_eq!(read_head(None, 200, &get, false), BodyLength::Chunked);
    assert_eq!(read_head(None, 200, &get, true), BodyLength::Empty);
    assert_eq!(read_head(None, 204, &get, true), BodyLength::Empty);
    assert_eq!(read_head(Some("5"), 304, &get, true), BodyLength::Empty);
    assert_eq!(read_head(Some("5"), 200, &head, true), BodyLength::Empty);
    assert_eq!(read_head(None, 200, &head, true), BodyLength::Empty);
}

#[test]
fn trailers_follow_the_last_chunk() {
    let (parts, ()) = Request::post("http://a/").body(()).unwrap().into_parts();
    let mut encoder = Encoder::request(&parts, false);
    let mut text = Vec::new();
    read(&mut encoder, 1000, &mut text);
    encoder.put(Bytes::from_static(b"hello"));
    read(&mut encoder, 1000, &mut text);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    encoder.end(Some(&trailers));
    read(&mut encoder, 1000, &mut text);
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.ends_with("\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n"),
        "{text}"
    );
}

proptest! {
    /// The bytes read as one request with that content, whatever the frames and the reads.
    #[test]
    fn reads_back_as_one_request(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        known in any::<bool>(),
        room in 1usize..50,
    ) {
        let content = frames.concat();
        let mut request = Request::post("http://a/");
        if known {
            request = request.header("content-length", content.len());
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut encoder = Encoder::request(&parts, false);
        let (mut text, mut counted) = (Vec::new(), 0);
        read(&mut encoder, room, &mut text);
        for frame in &frames {
            encoder.put(Bytes::copy_from_slice(frame));
            counted += read(&mut encoder, room, &mut text);
        }
        prop_assert!(!encoder.is_ended());
        encoder.end(None);
        counted += read(&mut encoder, room, &mut text);
        prop_assert!(encoder.is_ended());
        prop_assert_eq!(counted, content.len());
        let HeadEnd::Complete(length) = find_head_end(&text, 0) else {
            return Err(TestCaseError::fail("no head"));
        };
        let head = RequestHead::parse(&text[..length]).unwrap();
        let mut rest = &text[length..];
        if known {
            prop_assert_eq!(rest, &content);
            return Ok(());
        }
        prop_assert_eq!(head.body, BodyLength::Chunked);
        let (mut chunks, mut read) = (Chunks::default(), Vec::new());
        loop {
            match chunks.next(rest).unwrap() {
                Piece::Data { skip, data } => {
                    read.extend_from_slice(&rest[skip..skip + data]);
                    rest = &rest[skip + data..];
                }
                Piece::More => return Err(TestCaseError::fail("no end")),
                Piece::End(count) => {
                    prop_assert_eq!(count, rest.len());
                    break;
                }
            }
        }
        prop_assert_eq!(read, content);
    }
}
