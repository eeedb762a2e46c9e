//! crypt(3) with MD5, as Apache and BSD have it: `$apr1$` and `$1$`.
//!
//! No crate that is kept has the former. It is old and quick to guess; it is here because most files
//! of users are written in it.

use md5::{Digest as _, Md5};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Which bytes of the sum stand in each group of letters.
const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];

/// The hash's 22 letters. `magic` is `$apr1$` or `$1$`.
pub(super) fn md5_crypt(magic: &str, salt: &str, password: &[u8]) -> String {
    let salt = salt.as_bytes();
    let inner = sum(&[password, salt, password]);
    let mut outer = Md5::new();
    for part in [password, magic.as_bytes(), salt] {
        outer.update(part);
    }
    for chunk in password.chunks(inner.len()) {
        outer.update(inner.get(..chunk.len()).unwrap_or_default());
    }
    let mut length = password.len();
    while length > 0 {
        // Meant to be a byte of the inner sum, but it had been cleared by then.
        outer.update(match length & 1 {
            1 => &[0],
            _ => password.get(..1).unwrap_or_default(),
        });
        length >>= 1;
    }
    let mut last: [u8; 16] = outer.finalize().into();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let or_nothing = |part, is_there| if is_there { part } else { &[][..] };
        last = sum(&[
            if odd { password } else { &last },
            or_nothing(salt, round % 3 != 0),
            or_nothing(password, round % 7 != 0),
            if odd { &last } else { password },
        ]);
    }
    encoded(&last)
}

fn sum(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn encoded(sum: &[u8; 16]) -> String {
    let mut text = String::with_capacity(22);
    let mut letters = |bytes: &[usize], count: usize| {
        let number = bytes.iter().fold(0_usize, |number, byte| {
            number << 8 | usize::from(sum.get(*byte).copied().unwrap_or_default())
        });
        for index in 0..count {
            let letter = ALPHABET.get(number >> (6 * index) & 63);
            text.push(char::from(letter.copied().unwrap_or_default()));
        }
    };
    for group in ORDER {
        letters(&group, 4);
    }
    letters(&[11], 2);
    text
}

#[cfg(test)]
mod tests {
    use super::md5_crypt;

    /// As `openssl passwd -apr1` and `-1` have them.
    #[test]
    fn known_hashes() {
        for (magic, salt, password, expected) in [
            ("$apr1$", "saltsalt", "secret", "LrttParrLPdxvgutaSXWJ0"),
            (
                "$apr1$",
                "ab",
                "a much longer password than sixteen bytes, Zürich",
                "F8XDNrm0/7ZGnhHl.Zddd1",
            ),
            ("$apr1$", "", "x", "jYtXyIcDHukcQfHjblNhq/"),
            ("$1$", "saltsalt", "secret", "9xy1btjgzLYfb7hivXtC//"),
            (
                "$1$",
                "ab",
                "a much longer password than sixteen bytes, Zürich",
                "iLxoXsPwoKSOZ/6ojg4K3.",
            ),
            ("$1$", "", "x", "LP5.V3ajGqHDdXW6XwZQy."),
        ] {
            assert_eq!(
                md5_crypt(magic, salt, password.as_bytes()),
                expected,
                "{password}"
            );
        }
    }
}
