//! The bytes of an HTTP/1.1 message, as the exchange writes them, to frames: a pure state machine.

use edge_core::http::{
    BodyLength, Chunks, HeadEnd, Header, Name, Piece, RequestHead, ResponseHead, find_head_end,
};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};

use super::websocket;

/// A message on its way from bytes to frames.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    head: Vec<u8>,
    /// How much of the head is known not to hold its end.
    searched: usize,
    state: State,
    /// What follows the body.
    trailers: HeaderMap,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    /// So many bytes of content to come.
    Known(u64),
    /// Chunks to come, and before them the rest of one.
    Chunked(Chunks, usize),
    /// Bytes of another protocol, until somebody says that it is enough.
    Tunnel,
    Done,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// This many belong to a head or to framing that is not complete.
    Framing(usize),
    /// This many complete the [head](Decoder::head): [begin](Decoder::begin) the body now.
    Head(usize),
    /// This many are content; what is [sent](Decoder::sent) of them counts.
    Content(usize),
    /// This many complete a message that has not said before that it ends.
    End(usize),
}

/// What the exchange never writes, or what HTTP/2 cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message has no form in HTTP/2")]
pub(super) struct Malformed;

impl From<Malformed> for std::io::Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, malformed)
    }
}

impl Decoder {
    /// Looks at the next bytes.
    pub(super) fn next(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        match &mut self.state {
            State::Head => self.next_of_head(input),
            State::Known(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX);
                Ok(Step::Content(count.min(input.len())))
            }
            State::Chunked(_, left @ 1..) => Ok(Step::Content((*left).min(input.len()))),
            State::Chunked(chunks, left) => match chunks.next(input).map_err(|_| Malformed)? {
                Piece::Data { skip: 0, data } => {
                    *left = data;
                    Ok(Step::Content(data))
                }
                Piece::Data { skip, data } => {
                    *left = data;
                    Ok(Step::Framing(skip))
                }
                Piece::More => Ok(Step::Framing(input.len())),
                Piece::End(framing) => {
                    self.trailers = trailers(chunks.trailers())?;
                    self.state = State::Done;
                    Ok(Step::End(framing))
                }
            },
            State::Tunnel => Ok(Step::Content(input.len())),
            State::Done => Err(Malformed),
        }
    }

    fn next_of_head(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        let before = self.head.len();
        self.head.extend_from_slice(input);
        match find_head_end(&self.head, self.searched) {
            HeadEnd::Complete(length) => {
                self.head.truncate(length);
                Ok(Step::Head(length - before))
            }
            HeadEnd::Partial(up_to) => {
                self.searched = up_to;
                Ok(Step::Framing(input.len()))
            }
            HeadEnd::BareLineFeed => Err(Malformed),
        }
    }

    /// The head, once it is complete.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The head was interim (RFC 9110 §15.2): another follows.
    pub(super) fn begin_again(&mut self) {
        *self = Self::default();
    }

    /// Content of this length follows the head; whether that is none, and the message is complete.
    pub(super) fn begin(&mut self, body: BodyLength) -> Result<bool, Malformed> {
        self.head = Vec::new();
        self.state = match body {
            BodyLength::Empty => State::Done,
            BodyLength::Known(length) => State::Known(length),
            BodyLength::Chunked => State::Chunked(Chunks::default(), 0),
            // Only for clients that speak HTTP/1.0, which nobody here does.
            BodyLength::UntilClose => return Err(Malformed),
        };
        Ok(self.is_done())
    }

    /// What follows the head is another protocol.
    pub(super) fn begin_tunnel(&mut self) {
        self.head = Vec::new();
        self.state = State::Tunnel;
    }

    /// Ends it; whether there was any.
    pub(super) fn end_tunnel(&mut self) -> bool {
        let is_tunnel = matches!(self.state, State::Tunnel);
        if is_tunnel {
            self.state = State::Done;
        }
        is_tunnel
    }

    /// The first `count` bytes of the content are sent; whether the message is complete with them.
    pub(super) fn sent(&mut self, count: usize) -> bool {
        match &mut self.state {
            State::Known(left) => {
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    self.state = State::Done;
                }
            }
            State::Chunked(_, left) => *left = left.saturating_sub(count),
            State::Head | State::Tunnel | State::Done => {}
        }
        self.is_done()
    }

    /// What follows the body; nearly always nothing.
    pub(super) fn take_trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }

    /// Whether the message is complete.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

/// A request that the exchange has written, to be sent with this scheme. One that offers to switch to
/// WebSocket becomes an extended CONNECT.
pub(super) fn request(
    head: &[u8],
    scheme: &Scheme,
) -> Result<(Request<()>, BodyLength), Malformed> {
    let head = RequestHead::parse(head).map_err(|_| Malformed)?;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(scheme.clone());
    uri.authority = Some(Authority::try_from(head.authority).map_err(|_| Malformed)?);
    uri.path_and_query = Some(path(head.target)?);
    let mut request = Request::new(());
    *request.version_mut() = http::Version::HTTP_2;
    *request.method_mut() =
        Method::from_bytes(head.method.as_str().as_bytes()).map_err(|_| Malformed)?;
    *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Malformed)?;
    *request.headers_mut() = fields(&head.headers)?;
    request.headers_mut().remove(http::header::HOST);
    if !head.upgrade.is_empty() {
        websocket::extend(&mut request);
        return Ok((request, head.body));
    }
    // We take trailers, and gRPC servers insist on hearing so.
    let te = HeaderValue::from_static("trailers");
    request.headers_mut().insert(http::header::TE, te);
    Ok((request, head.body))
}

/// The few bytes that the gate lets pass and HTTP/2 libraries do not are escaped (RFC 3986 §2.1).
fn path(target: &str) -> Result<PathAndQuery, Malformed> {
    PathAndQuery::try_from(target)
        .or_else(|_| {
            let escaped = target
                .replace('<', "%3C")
                .replace('>', "%3E")
                .replace('`', "%60");
            PathAndQuery::try_from(escaped)
        })
        .map_err(|_| Malformed)
}

/// A response that the exchange has written, to HEAD or another method.
pub(super) fn response(
    head: &[u8],
    to_head: bool,
) -> Result<(Response<()>, BodyLength), Malformed> {
    let head = ResponseHead::parse(head, to_head).map_err(|_| Malformed)?;
    let mut response = Response::new(());
    *response.version_mut() = http::Version::HTTP_2;
    *response.status_mut() = head.status.try_into().map_err(|_| Malformed)?;
    *response.headers_mut() = fields(&head.headers)?;
    Ok((response, head.body))
}

/// The lines after the last chunk, which the exchange has written.
fn trailers(lines: &[u8]) -> Result<HeaderMap, Malformed> {
    let mut fields = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or(Malformed)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Malformed)?;
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let name = HeaderName::from_bytes(name).map_err(|_| Malformed)?;
        fields.append(name, HeaderValue::from_bytes(value).map_err(|_| Malformed)?);
    }
    Ok(fields)
}

/// All but those of the connection (RFC 9113 §8.2.2).
pub(super) fn fields(headers: &[Header<'_>]) -> Result<HeaderMap, Malformed> {
    let mut fields = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let of_connection = matches!(
            header.name,
            Name::Connection
                | Name::KeepAlive
                | Name::ProxyConnection
                | Name::TransferEncoding
                | Name::Upgrade
        );
        if !of_connection {
            let name = HeaderName::from_bytes(header.raw_name.as_bytes());
            let value = HeaderValue::from_bytes(header.value).map_err(|_| Malformed)?;
            fields.append(name.map_err(|_| Malformed)?, value);
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests;
