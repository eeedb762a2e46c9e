//! Regular expressions of PCRE in the words of the edge, which has no look-around.

use edge_core::expression::Expression;

/// The expression for the edge, or why there is none.
pub(crate) fn meant(written: &str, ignores_case: bool) -> Result<String, String> {
    let text = without_needless_end(written);
    let text = without_lookahead(&text).unwrap_or(text);
    let text = if ignores_case {
        format!("(?i){text}")
    } else {
        text
    };
    Expression::new(&text).map(|_| text)
}

/// `.*` at the end says nothing where an expression is only looked for, and hides what stands before it.
fn without_needless_end(text: &str) -> String {
    match text.strip_suffix(".*") {
        Some(rest) if rest.ends_with(')') && text.contains("(?!") => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// `x(?!word)` at the end, which is what people exclude `.well-known` with: everything that is not the
/// word, letter by letter.
fn without_lookahead(text: &str) -> Option<String> {
    let (before, word) = text.strip_suffix(')')?.split_once("(?!")?;
    let word = word
        .replace("\\.", ".")
        .replace("\\-", "-")
        .replace("\\/", "/");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    if word.is_empty() || !word.chars().all(is_plain) {
        return None;
    }
    let mut options = vec!["$".to_owned()];
    let mut begun = String::new();
    for letter in word.chars() {
        options.push(format!("{begun}[^{letter}]"));
        begun.push(letter);
        options.push(format!("{begun}$"));
    }
    // The whole word is what may not follow.
    options.pop();
    Some(format!("{before}(?:{})", options.join("|")))
}

#[cfg(test)]
mod tests {
    use edge_core::expression::Expression;

    use super::meant;

    #[test]
    fn the_usual_look_ahead_has_other_words() {
        let hidden = meant(r"/\.(?!well-known).*", false).unwrap();
        let hidden = Expression::new(&hidden).unwrap();
        for (path, expected) in [
            ("/.git/config", true),
            ("/.w", true),
            ("/.", true),
            ("/.well-knowing", true),
            ("/.well-known", false),
            ("/.well-known/acme-challenge/x", false),
            ("/a.b", false),
        ] {
            assert_eq!(hidden.is_match(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn others_stay_as_they_are_or_are_refused() {
        assert_eq!(meant(r"\.php$", true).as_deref(), Ok(r"(?i)\.php$"));
        assert_eq!(meant("^/a.*", false).as_deref(), Ok("^/a.*"));
        assert!(meant("(?<=a)b", false).is_err());
        assert!(meant(r"(a)\1", false).is_err());
    }
}
