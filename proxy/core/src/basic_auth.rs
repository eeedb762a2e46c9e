//! Who may ask, by name and password (RFC 7617; nginx's `auth_basic`).

mod hash;
mod md5_crypt;
mod users;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

pub use self::hash::BadHash;
pub use self::users::{BadUsers, Users};
use crate::http::RequestHead;

/// A name and a password, as a client gave them.
pub struct Credentials {
    /// The name.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
}

impl fmt::Debug for Credentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = String::from_utf8_lossy(&self.user);
        f.debug_struct("Credentials")
            .field("user", &user)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Those of a request, if it has any.
    pub fn of(head: &RequestHead<'_>) -> Option<Self> {
        let mut lines = head.headers.iter();
        let line = lines.find(|line| line.raw_name.eq_ignore_ascii_case("authorization"))?;
        let (scheme, encoded) = line.value.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let encoded = encoded.trim_ascii();
        let decoded = STANDARD.decode(encoded);
        let mut user = decoded.or_else(|_| STANDARD_NO_PAD.decode(encoded)).ok()?;
        let colon = user.iter().position(|byte| *byte == b':')?;
        let password = user.split_off(colon + 1);
        user.truncate(colon);
        Some(Self { user, password })
    }
}

/// The value of `WWW-Authenticate` that asks for them (RFC 7617 §2.1). Of what a client has said in
/// `realm`, nothing ends the quotes or the line.
pub fn challenge(realm: &[u8]) -> String {
    let mut quoted = String::with_capacity(realm.len());
    for character in String::from_utf8_lossy(realm).chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push(' '),
            _ => quoted.push(character),
        }
    }
    format!("Basic realm=\"{quoted}\", charset=\"UTF-8\"")
}

#[cfg(test)]
mod tests {
    use super::{Credentials, challenge};
    use crate::http::RequestHead;

    #[test]
    fn credentials_are_read() {
        let of = |value: &str| {
            let text = format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: {value}\r\n\r\n");
            let head = RequestHead::parse(text.as_bytes()).unwrap();
            let found = Credentials::of(&head)?;
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Some((text(found.user), text(found.password)))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(of("Basic YTpiOmM="), pair("a", "b:c"));
        assert_eq!(of("basic  YTpiOmM"), pair("a", "b:c"));
        assert_eq!(of("Basic Og=="), pair("", ""));
        for none in ["Bearer YTpi", "Basic", "Basic YQ==", "Basic !"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_realm_cannot_end_its_quotes() {
        assert_eq!(
            challenge(b"a \"b\" \\\r\n"),
            "Basic realm=\"a \\\"b\\\" \\\\  \", charset=\"UTF-8\""
        );
    }
}
