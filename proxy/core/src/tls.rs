//! What is known of a client's TLS connection, as texts and servers are told it.

use crate::hex;

/// A TLS connection after its handshake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// As nginx's `$ssl_protocol`: `TLSv1.3`.
    pub version: &'static str,
    /// As OpenSSL calls the cipher suite.
    pub cipher: &'static str,
    /// As OpenSSL calls the group of the key exchange.
    pub curve: &'static str,
    /// The protocol that was agreed on by ALPN; empty if none was.
    pub alpn: &'static str,
    /// The name that the client asked for; empty if none.
    pub server_name: String,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// Who the client is, if it has shown that.
    pub certificate: Option<Box<Certificate>>,
}

/// The certificate of a client, which was verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Whose it is (RFC 2253).
    pub subject: String,
    /// Who has signed it (RFC 2253).
    pub issuer: String,
    /// Its number, hexadecimal.
    pub serial: String,
    /// The SHA-1 of it, hexadecimal, as nginx has it.
    pub sha1: String,
    /// The SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// From when it is valid, as OpenSSL writes it.
    pub not_before: String,
    /// Until when.
    pub not_after: String,
    /// Itself, as PEM with percent signs for what is no plain character.
    pub escaped_pem: String,
}

impl Certificate {
    /// The header lines by which servers are told whose it is.
    pub fn lines(&self) -> [(&'static str, &str); 4] {
        [
            ("X-Client-Cert-Subject", &self.subject),
            ("X-Client-Cert-Issuer", &self.issuer),
            ("X-Client-Cert-Serial", &self.serial),
            ("X-Client-Cert-Fingerprint", &self.sha256),
        ]
    }
}

/// Whether a header line speaks of the client's certificate, which no client may.
pub fn is_reserved(name: &str) -> bool {
    let prefix = name.get(..PREFIX.len());
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

const PREFIX: &str = "x-client-cert-";

/// A distinguished name in the form of RFC 2253, of its parts in the order of the certificate; each part
/// is one or more types with their values.
pub fn distinguished_name(parts: &[Vec<(String, String)>]) -> String {
    let mut text = String::new();
    for part in parts.iter().rev() {
        if !text.is_empty() {
            text.push(',');
        }
        for (index, (kind, value)) in part.iter().enumerate() {
            if index > 0 {
                text.push('+');
            }
            text.push_str(kind);
            text.push('=');
            escape(value, &mut text);
        }
    }
    text
}

/// RFC 2253 §2.4; control characters too, so that the text can stand in a header line.
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => text.extend(['\\', character]),
            '#' | ' ' if index == 0 => text.extend(['\\', character]),
            ' ' if index == last => text.push_str("\\ "),
            _ if character.is_control() => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    text.push('\\');
                    text.extend(hex::digits(byte).map(|digit| digit.to_ascii_uppercase()));
                }
            }
            _ => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_rfc_2253_says() {
        let part = |kind: &str, value: &str| vec![(kind.to_owned(), value.to_owned())];
        let mut both = part("CN", "Müller, Ada");
        both.extend(part("UID", "7"));
        let name = distinguished_name(&[
            part("C", "CN"),
            part("O", " a+b "),
            part("OU", "#x\r\ny"),
            both,
        ]);
        assert_eq!(
            name,
            "CN=Müller\\, Ada+UID=7,OU=\\#x\\0D\\0Ay,O=\\ a\\+b\\ ,C=CN"
        );
        assert_eq!(distinguished_name(&[]), "");
    }

    #[test]
    fn what_only_the_edge_may_say() {
        assert!(is_reserved("X-CLIENT-Cert-Subject"));
        for other in [
            "X-Client-Cert",
            "X-Client-Certificate-Y",
            "é-client-cert-x",
            "Host",
        ] {
            assert!(!is_reserved(other), "{other}");
        }
    }
}
