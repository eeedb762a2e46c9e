//! What is known of a connection after its handshake.

use edge_core::tls::Session;
use rustls::{HandshakeKind, NamedGroup, ProtocolVersion, ServerConnection};

use super::{H2, HTTP1, peer, suites};

/// As OpenSSL calls groups of key exchanges.
const GROUPS: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519MLKEM768, "X25519MLKEM768"),
    (NamedGroup::X25519, "X25519"),
    (NamedGroup::secp256r1, "prime256v1"),
    (NamedGroup::secp384r1, "secp384r1"),
];

pub(super) fn of(connection: &ServerConnection) -> Session {
    let suite = connection.negotiated_cipher_suite();
    let group = connection.negotiated_key_exchange_group();
    let group = group.map(rustls::crypto::SupportedKxGroup::name);
    let known = GROUPS.iter().find(|(one, _)| Some(*one) == group);
    let alpn = connection.alpn_protocol();
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    Session {
        version: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        },
        cipher: suite.map_or("", |suite| suites::name(suite.suite())),
        curve: known.map_or("", |(_, name)| name),
        alpn: match alpn {
            Some(name) if name == H2 => "h2",
            Some(name) if name == HTTP1 => "http/1.1",
            _ => "",
        },
        server_name: connection.server_name().unwrap_or_default().to_owned(),
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        certificate: certificate
            .and_then(|der| peer::describe(der))
            .map(Box::new),
    }
}
