//! The words of a file.

use std::ops::Range;

/// What a file consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
}

/// Why the text ends where it does not end a word.
pub(super) type Bad = (Range<usize>, &'static str);

/// Reads the tokens of a text one by one.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // nginx takes a byte order mark for a part of the first word, and nobody means that.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next token and its bytes; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, Bad> {
        self.skip_blank();
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            ';' => Token::Semicolon,
            '{' => Token::Open,
            '}' => Token::Close,
            '"' | '\'' => return self.quoted(first).map(Some),
            _ => return Ok(Some(self.bare())),
        };
        self.at += 1;
        Ok(Some((token, start..self.at)))
    }

    /// Passes over the content of a block that is in another language, such as Lua, and over the brace
    /// that closes it.
    pub(super) fn skip_block(&mut self) -> Result<(), Bad> {
        let start = self.at;
        let mut depth = 1_usize;
        while let Some(next) = self.take() {
            match next {
                '{' => depth += 1,
                '}' => depth -= 1,
                '"' | '\'' => self.skip_text(next),
                '-' if self.rest().starts_with('-') => self.skip_line(),
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err((start..start, "the block is not closed"))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_blank(&mut self) {
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' => self.at += 1,
                '#' => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn skip_text(&mut self, quote: char) {
        while let Some(next) = self.take() {
            match next {
                '\\' => drop(self.take()),
                '\n' => return,
                next if next == quote => return,
                _ => {}
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<(Token, Range<usize>), Bad> {
        let start = self.at;
        self.at += 1;
        let mut word = String::new();
        loop {
            match self.take() {
                Some('\\') => self.escaped(&mut word),
                Some(next) if next == quote => break,
                Some(next) => word.push(next),
                None => return Err((start..start + 1, "the quotation mark is not closed")),
            }
        }
        let span = start..self.at;
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '{' | ')') => {
                Ok((Token::Word(word), span))
            }
            Some(_) => Err((
                span,
                "a space or `;` has to follow what is in quotation marks",
            )),
        }
    }

    fn bare(&mut self) -> (Token, Range<usize>) {
        let start = self.at;
        let mut word = String::new();
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' => break,
                // The brace of `${name}` opens no block.
                '{' if !word.ends_with('$') => break,
                _ => {}
            }
            self.at += next.len_utf8();
            match next {
                '\\' => self.escaped(&mut word),
                next => word.push(next),
            }
        }
        (Token::Word(word), start..self.at)
    }

    /// What a backslash stands before; most keep theirs, as expressions need them.
    fn escaped(&mut self, word: &mut String) {
        match self.take() {
            Some(next @ ('"' | '\'' | '\\')) => word.push(next),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(next) => word.extend(['\\', next]),
            None => word.push('\\'),
        }
    }
}
