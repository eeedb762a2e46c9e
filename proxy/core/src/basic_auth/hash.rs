//! Hashes of passwords, as `htpasswd` and `openssl passwd` write them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha_crypt::{PasswordVerifier as _, ShaCrypt};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use super::md5_crypt::md5_crypt;

/// A password's hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hash {
    /// As it is written.
    pub(super) text: String,
    method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Bcrypt,
    /// The text up to the salt.
    Md5(&'static str),
    Sha,
    /// The text before the base64; a salt may follow the sum.
    Sha1(&'static str),
}

/// Text that is no hash of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// It is the password, or crypt's oldest, of which eight letters count.
    #[error("is plain text, or as good as that")]
    Plain,
    /// Nobody here can check it.
    #[error("is hashed in a way that is not known here")]
    Unknown,
    /// Its method is known, and it is cut off or mistyped.
    #[error("is hashed, and the hash is malformed")]
    Malformed,
}

impl fmt::Debug for Hash {
    /// Without the hash, which can be guessed at.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.method)
    }
}

impl FromStr for Hash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let starts = |known: &[&'static str]| {
            let mut known = known.iter();
            known.find(|start| text.starts_with(**start)).copied()
        };
        let (method, is_whole) = if starts(&["$2a$", "$2b$", "$2x$", "$2y$"]).is_some() {
            let parts = text.parse::<bcrypt::HashParts>();
            (Method::Bcrypt, parts.is_ok() && text.len() == 60)
        } else if let Some(magic) = starts(&["$apr1$", "$1$"]) {
            (Method::Md5(magic), md5_parts(text, magic).is_some())
        } else if starts(&["$5$", "$6$"]).is_some() {
            let length = if text.starts_with("$5$") { 43 } else { 86 };
            let mut parts = text.rsplit('$');
            let is_whole = parts.next().is_some_and(|sum| sum.len() == length);
            (Method::Sha, is_whole && parts.count() >= 3)
        } else if let Some(start) = starts(&["{SHA}", "{SSHA}"]) {
            let salted = start == "{SSHA}";
            let sum = sha1_parts(text, start);
            let is_whole = sum.is_some_and(|(_, salt)| salt.is_empty() != salted);
            (Method::Sha1(start), is_whole)
        } else if text.starts_with('$') && text.matches('$').count() >= 3 {
            return Err(BadHash::Unknown);
        } else {
            return Err(BadHash::Plain);
        };
        if !is_whole {
            return Err(BadHash::Malformed);
        }
        Ok(Self {
            text: text.to_owned(),
            method,
        })
    }
}

impl Hash {
    /// Whether it is this password's. Takes milliseconds, as it is meant to.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        let text = self.text.as_str();
        match self.method {
            Method::Bcrypt => bcrypt::verify(password, text).unwrap_or(false),
            Method::Md5(magic) => md5_parts(text, magic).is_some_and(|(salt, sum)| {
                let found = md5_crypt(magic, salt, password);
                found.as_bytes().ct_eq(sum.as_bytes()).into()
            }),
            Method::Sha => ShaCrypt::default().verify_password(password, text).is_ok(),
            Method::Sha1(start) => sha1_parts(text, start).is_some_and(|(sum, salt)| {
                let found: [u8; 20] = Sha1::new()
                    .chain_update(password)
                    .chain_update(salt)
                    .finalize()
                    .into();
                found.ct_eq(&sum).into()
            }),
        }
    }
}

/// The salt and the sum after `magic`.
fn md5_parts<'t>(text: &'t str, magic: &str) -> Option<(&'t str, &'t str)> {
    let (salt, sum) = text.strip_prefix(magic)?.split_once('$')?;
    (salt.len() <= 8 && sum.len() == 22).then_some((salt, sum))
}

/// The sum and the salt after `start`.
fn sha1_parts(text: &str, start: &str) -> Option<([u8; 20], Vec<u8>)> {
    let bytes = STANDARD.decode(text.strip_prefix(start)?).ok()?;
    let (sum, salt) = bytes.split_first_chunk()?;
    Some((*sum, salt.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::{BadHash, Hash};

    /// All of `secret`; written by `htpasswd` and `openssl passwd`.
    const OF_SECRET: &[&str] = &[
        "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
        "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0",
        "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
        "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
        "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
        "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
        "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
    ];

    #[test]
    fn hashes_are_checked() {
        for text in OF_SECRET {
            let hash: Hash = text.parse().unwrap();
            assert!(hash.is_of(b"secret"), "{text}");
            for wrong in [b"secreT".as_slice(), b"", b"secret ", &[b'x'; 1000]] {
                assert!(!hash.is_of(wrong), "{text}");
            }
            let shown = format!("{hash:?}");
            assert!(!shown.contains(text), "{shown}");
            let cut = text.get(..text.len() - 1).unwrap();
            assert_eq!(cut.parse::<Hash>(), Err(BadHash::Malformed), "{cut}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for (text, error) in [
            ("secret", BadHash::Plain),
            ("", BadHash::Plain),
            ("{PLAIN}secret", BadHash::Plain),
            ("rqXexS6ZhobKA", BadHash::Plain),
            (
                "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
                BadHash::Unknown,
            ),
            (
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$x",
                BadHash::Unknown,
            ),
            ("$2y$05$short", BadHash::Malformed),
            ("$apr1$salt$short", BadHash::Malformed),
            ("{SHA}####", BadHash::Malformed),
        ] {
            assert_eq!(text.parse::<Hash>(), Err(error), "{text}");
        }
    }
}
