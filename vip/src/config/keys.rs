//! Secrets, which stand in files of their own.

use std::fs;
use std::time::Duration;

use vrrp::wire::{Auth, Hmac, Key, Rollout, Version};

use super::file;

/// What adverts are authenticated with.
pub(super) fn auth(
    written: &file::Auth,
    version: Version,
    interval: Duration,
) -> Result<Auth, String> {
    match written {
        file::Auth::None => Ok(Auth::None),
        file::Auth::Pass { .. } if version == Version::V3 => Err(
            "passwords are of version 2; version 3 has none, and `hmac` is what protects".into(),
        ),
        file::Auth::Pass { password_file } => Ok(Auth::Pass(password(&read(password_file)?)?)),
        file::Auth::Hmac {
            key_file,
            mode,
            window,
        } => {
            let keys = keys(&read(key_file)?).map_err(|why| format!("{key_file}: {why}"))?;
            let rollout = match mode {
                file::HmacMode::ReceiveOnly => Rollout::ReceiveOnly,
                file::HmacMode::Permissive => Rollout::Permissive,
                file::HmacMode::Enforce => Rollout::Enforce,
            };
            let window = window.map_or_else(|| Hmac::default_window(interval), |given| given.0);
            Ok(Auth::Hmac(Hmac {
                keys,
                rollout,
                window,
            }))
        }
    }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

/// As keepalived does it: the first 8 bytes, filled up with zeros.
fn password(text: &str) -> Result<[u8; 8], String> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("the password is empty".into());
    }
    let mut password = [0; 8];
    for (byte, given) in password.iter_mut().zip(text.bytes()) {
        *byte = given;
    }
    Ok(password)
}

/// One key in each line. Errors do not repeat what stands there.
fn keys(text: &str) -> Result<Vec<Key>, String> {
    let mut keys: Vec<Key> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key(line).map_err(|why| format!("line {number}: {why}"))?;
        if keys.iter().any(|known| known.id() == key.id()) {
            return Err(format!("line {number}: there is another key {}", key.id()));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err("there is no key in it".into());
    }
    Ok(keys)
}

fn key(line: &str) -> Result<Key, String> {
    let shape = "a line is `ID KEY`, with an ID of 1 to 255";
    let (id, secret) = line.split_once(char::is_whitespace).ok_or(shape)?;
    let id: u8 = id.parse().map_err(|_| shape)?;
    let secret = secret.trim();
    let secret = match secret.strip_prefix("0x") {
        Some(digits) => hexadecimal(digits).ok_or("what follows 0x is not pairs of digits")?,
        None => secret.as_bytes().to_vec(),
    };
    Key::new(id, &secret).map_err(|why| why.to_string())
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_text_or_hexadecimal() {
        let hex = "7a".repeat(32);
        let text = format!("# of June\n7 {}\n\n200 0x{hex}\n", "z".repeat(32));
        let keys = keys(&text).unwrap();
        assert_eq!(keys[0].id(), 7);
        assert_eq!(keys[1].id(), 200);
        assert_eq!(Key::new(200, &[b'z'; 32]).unwrap(), keys[1]);
    }

    #[test]
    fn what_is_no_key_is_told_without_telling_it() {
        for (text, why) in [
            ("", "there is no key in it"),
            ("secret", "line 1: a line is `ID KEY`"),
            ("0 zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "line 1: a key's id"),
            ("1 short", "line 1: a key has 32 to 64 bytes, not 5"),
            ("1 0xabc", "line 1: what follows 0x"),
        ] {
            let told = keys(text).unwrap_err();
            assert!(told.starts_with(why), "{told}");
            assert!(!told.contains("short") && !told.contains("secret"));
        }
    }

    #[test]
    fn eight_bytes_of_a_password_count() {
        assert_eq!(password("your_keepalived_password\n"), Ok(*b"your_kee"));
        assert_eq!(password("abc"), Ok(*b"abc\0\0\0\0\0"));
        assert!(password("\n").is_err());
    }
}
