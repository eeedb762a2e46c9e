//! What a server is asked to find out whether it is well, and which answers say so.

use crate::expression::Expression;
use crate::http::ResponseHead;

/// What is asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// Whether a connection is accepted.
    Tcp,
    /// A GET request.
    Http(HttpQuestion),
    /// `grpc.health.v1.Health/Check` about a service; empty: the server as a whole.
    Grpc(String),
}

/// A GET request and what is expected of its answer.
#[derive(Debug, Clone)]
pub struct HttpQuestion {
    /// The path to ask for.
    pub path: String,
    /// The Host to name.
    pub host: String,
    /// The statuses that are good, as ranges.
    pub status: Vec<(u16, u16)>,
    /// What must be found in the body.
    pub body: Option<Expression>,
}

/// Why an answer is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwell {
    /// The status is not among the good ones.
    #[error("status {0}")]
    Status(u16),
    /// The expression is not found in the body.
    #[error("the body does not match")]
    Body,
    /// The health service says something else than SERVING.
    #[error("the health service answers {0}")]
    NotServing(&'static str),
    /// The call itself failed, by gRPC's status code.
    #[error("gRPC status {0}")]
    Grpc(u32),
    /// What came is not an answer to the question.
    #[error("the answer is malformed")]
    Malformed,
}

/// The most of a body that is looked at.
pub const LONGEST_BODY: usize = 64 * 1024;

impl HttpQuestion {
    /// The request as it is sent.
    pub fn request(&self) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: hifate-edge (health check)\r\n\
             Connection: close\r\n\r\n",
            self.path, self.host
        )
    }

    /// Whether the head of the answer is good as far as it goes.
    pub fn judge_head(&self, head: &ResponseHead<'_>) -> Result<(), Unwell> {
        let good = |(from, to): &(u16, u16)| (*from..=*to).contains(&head.status);
        if self.status.iter().any(good) {
            Ok(())
        } else {
            Err(Unwell::Status(head.status))
        }
    }

    /// Whether the body, of which no more than [`LONGEST_BODY`] bytes are needed, is good.
    pub fn judge_body(&self, body: &[u8]) -> Result<(), Unwell> {
        match &self.body {
            Some(expression) if !expression.is_match(body) => Err(Unwell::Body),
            _ => Ok(()),
        }
    }
}

/// The message of a `HealthCheckRequest { service = 1 }` in gRPC's framing.
pub fn grpc_request(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        write_varint(&mut message, service.len());
        message.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(&message);
    framed
}

/// Whether `body`, a framed `HealthCheckResponse { status = 1 }`, says SERVING.
pub fn judge_grpc(body: &[u8]) -> Result<(), Unwell> {
    let (prefix, message) = body.split_at_checked(5).ok_or(Unwell::Malformed)?;
    let [0, length @ ..] = prefix else {
        return Err(Unwell::Malformed);
    };
    let length = length
        .iter()
        .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    if length != message.len() {
        return Err(Unwell::Malformed);
    }
    // Field 1, varint; absent means 0.
    let status = match message {
        [] => 0,
        [0x08, status] => *status,
        _ => return Err(Unwell::Malformed),
    };
    match status {
        1 => Ok(()),
        0 => Err(Unwell::NotServing("UNKNOWN")),
        2 => Err(Unwell::NotServing("NOT_SERVING")),
        3 => Err(Unwell::NotServing("SERVICE_UNKNOWN")),
        _ => Err(Unwell::Malformed),
    }
}

fn write_varint(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn grpc_messages() {
        assert_eq!(grpc_request(""), [0, 0, 0, 0, 0]);
        assert_eq!(grpc_request("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(judge_grpc(&[0, 0, 0, 0, 2, 8, 1]), Ok(()));
        assert_eq!(
            judge_grpc(&[0, 0, 0, 0, 2, 8, 2]),
            Err(Unwell::NotServing("NOT_SERVING"))
        );
        assert_eq!(
            judge_grpc(&[0, 0, 0, 0, 0]),
            Err(Unwell::NotServing("UNKNOWN"))
        );
        for bad in [&[][..], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 9, 8, 1]] {
            assert_eq!(judge_grpc(bad), Err(Unwell::Malformed));
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _outcome = judge_grpc(&bytes);
        }
    }
}
