//! WebSocket over HTTP/2 (RFC 8441): extended CONNECT in frames is an upgrade in HTTP/1.1, and `200`
//! is `101`. The key of the handshake is for HTTP/1.1 only (§5).

use edge_core::http::{BodyLength, ResponseHead, WEBSOCKET, websocket_accept};
use h2::ext::Protocol;
use http::header::{HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use http::{HeaderValue, Method, Request, Response, StatusCode, request};

use super::decode::{Malformed, fields};

/// What a client wants by CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connect {
    /// A WebSocket.
    WebSocket,
    /// Another protocol.
    Other,
}

/// What a request wants, if it is an extended CONNECT.
pub(super) fn connect(head: &request::Parts) -> Option<Connect> {
    let protocol = head.extensions.get::<Protocol>()?;
    Some(if protocol.as_str().eq_ignore_ascii_case(WEBSOCKET) {
        Connect::WebSocket
    } else {
        Connect::Other
    })
}

/// The answer to a request for a WebSocket, as the exchange has written it; no body is a tunnel.
pub(super) fn response(head: &[u8]) -> Result<(Response<()>, Option<BodyLength>), Malformed> {
    let head = ResponseHead::parse_or_switch(head, false).map_err(|_| Malformed)?;
    let mut response = Response::new(());
    *response.version_mut() = http::Version::HTTP_2;
    *response.headers_mut() = fields(&head.headers)?;
    if head.status == 101 {
        response.headers_mut().remove(SEC_WEBSOCKET_ACCEPT);
        return Ok((response, None));
    }
    let status = StatusCode::try_from(head.status).map_err(|_| Malformed)?;
    // To this client it would say that there is a tunnel.
    if status.is_success() {
        return Err(Malformed);
    }
    *response.status_mut() = status;
    Ok((response, Some(head.body)))
}

/// Makes an extended CONNECT of a request that offers to switch to WebSocket.
pub(super) fn extend(request: &mut Request<()>) {
    *request.method_mut() = Method::CONNECT;
    let protocol = Protocol::from_static(WEBSOCKET);
    request.extensions_mut().insert(protocol);
}

/// Takes the client's key out of an extended CONNECT; what a server of HTTP/1.1 would say to it.
pub(super) fn take_key(request: &mut Request<()>) -> Option<HeaderValue> {
    request.extensions().get::<Protocol>()?;
    let key = request.headers_mut().remove(SEC_WEBSOCKET_KEY);
    let accept = websocket_accept(key.as_ref().map_or(b"", HeaderValue::as_bytes));
    HeaderValue::try_from(accept).ok()
}

/// Whether a header line has its place in HTTP/1.1's handshake only, or none in a tunnel.
pub(super) fn is_of_handshake(name: &HeaderName) -> bool {
    *name == SEC_WEBSOCKET_KEY
        || *name == SEC_WEBSOCKET_ACCEPT
        || *name == http::header::CONTENT_LENGTH
        || *name == http::header::TE
}
