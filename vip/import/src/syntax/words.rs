//! A line, taken apart.

/// A word, or a brace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Open,
    Close,
}

/// The line up to a `!` or `#` that is in no double quotes and has no backslash before it.
pub(super) fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '!' | '#' if !quoted => return line.get(..at).unwrap_or(line),
            _ => {}
        }
    }
    line
}

/// The words of a line. Quotes of either kind may be in the middle of a word, and are taken off with
/// backslashes; braces that are in none stand for themselves, whatever they touch, except those of a
/// `${NAME}` that nobody has defined.
pub(super) fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut named = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let current = &mut word;
        match (quote, character) {
            (_, '\\') => {
                let text = current.get_or_insert_default();
                text.extend(characters.next().map(unescaped));
            }
            (Some(end), _) if character == end => quote = None,
            (None, '"' | '\'') => {
                current.get_or_insert_default();
                quote = Some(character);
            }
            (None, '$') if characters.peek() == Some(&'{') => {
                named = true;
                current.get_or_insert_default().push('$');
            }
            (None, '{') if named => current.get_or_insert_default().push('{'),
            (None, '}') if named => {
                named = false;
                current.get_or_insert_default().push('}');
            }
            (None, '{' | '}') => {
                words.extend(word.take().map(text));
                words.push(brace(character));
            }
            (None, _) if character.is_whitespace() => {
                named = false;
                words.extend(word.take().map(text));
            }
            _ => current.get_or_insert_default().push(character),
        }
    }
    words.extend(word.map(text));
    words
}

fn text(text: String) -> Word {
    Word {
        text,
        kind: Kind::Text,
    }
}

fn brace(character: char) -> Word {
    Word {
        text: character.into(),
        kind: if character == '{' {
            Kind::Open
        } else {
            Kind::Close
        },
    }
}

/// What a backslash makes of the character behind it.
fn unescaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
