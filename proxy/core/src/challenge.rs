//! What an authority asks for that wants to see whether a name leads here (RFC 8555 §8.3).

/// Longer than any authority's.
const LONGEST: usize = 128;

/// The token that a path asks for, if it is a path that authorities ask for.
pub fn token(path: &str) -> Option<&str> {
    let token = path.strip_prefix("/.well-known/acme-challenge/")?;
    is_token(token).then_some(token)
}

/// Whether this is base64url, so that it can be the name of a file.
pub fn is_token(token: &str) -> bool {
    (1..=LONGEST).contains(&token.len()) && is_base64url(token)
}

/// Whether an answer is one to this token: with a dot and the digest of a key (RFC 8555 §8.1).
pub fn is_answer(text: &str, token: &str) -> bool {
    let digest = text
        .strip_prefix(token)
        .and_then(|rest| rest.strip_prefix('.'));
    // SHA-256.
    digest.is_some_and(|digest| digest.len() == 43 && is_base64url(digest))
}

fn is_base64url(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA";

    #[test]
    fn only_tokens_are_looked_for() {
        let path = |token: &str| format!("/.well-known/acme-challenge/{token}");
        assert_eq!(token(&path(TOKEN)), Some(TOKEN));
        for bad in ["", ".", "..", "a/b", "a%2Fb", "a b", "ä", &"x".repeat(129)] {
            assert_eq!(token(&path(bad)), None, "{bad}");
        }
        assert_eq!(token("/.well-known/acme-challeng/x"), None);
    }

    #[test]
    fn nothing_but_answers_is_passed_on() {
        let digest = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";
        assert!(is_answer(&format!("{TOKEN}.{digest}"), TOKEN));
        for bad in [
            String::new(),
            TOKEN.to_owned(),
            format!("{TOKEN}."),
            format!("{TOKEN}.{digest}\n"),
            format!("x{TOKEN}.{digest}"),
            format!("{TOKEN}.<script>alert(1)</script>aaaaaaaaaaaaaaaaaa"),
        ] {
            assert!(!is_answer(&bad, TOKEN), "{bad}");
        }
    }
}
