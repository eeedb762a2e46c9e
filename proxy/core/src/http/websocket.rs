//! The handshake of WebSocket (RFC 6455 §4), where one side of the edge needs none (RFC 8441 §5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// A key of a client (`Sec-WebSocket-Key`).
pub fn websocket_key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// What a server that has understood the key says (`Sec-WebSocket-Accept`).
pub fn websocket_accept(key: &[u8]) -> String {
    let mut sum = Sha1::new_with_prefix(key);
    sum.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §1.3.
    #[test]
    fn the_example_of_the_standard() {
        let key = websocket_key(*b"the sample nonce");
        assert_eq!(key, "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(
            websocket_accept(key.as_bytes()),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
