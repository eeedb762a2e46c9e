//! Files as directives, with those that they include in their places.

use std::ops::Range;
use std::rc::Rc;

use super::token::{Lexer, Token};
use super::{At, Directive, Mistake, Source};

/// Where the files of a configuration are read from.
pub trait Files {
    /// The content of a file, or why it cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The files that a pattern (`*`, `?`, `[...]`) fits, in the order of their names, or what is wrong
    /// with it.
    fn list(&self, pattern: &str) -> Result<Vec<String>, String>;
}

/// A configuration that includes more files than this includes itself.
const MOST_FILES: usize = 10_000;
/// nginx ends where it can open no more files.
const DEEPEST: usize = 64;

/// Reads the file `name` and all that it includes.
pub(crate) fn read(name: &str, files: &dyn Files) -> Result<Vec<Directive>, Mistake> {
    let mut reader = Reader {
        files,
        directory: directory(name).to_owned(),
        ids: 0,
        read: 0,
    };
    let nowhere = At {
        file: Rc::new(Source {
            name: name.to_owned(),
            text: String::new(),
        }),
        line: 1,
        span: 0..0,
    };
    reader.file(name, &nowhere, 0)
}

/// Paths are relative to the directory of the main file, wherever they stand.
pub(crate) fn directory(path: &str) -> &str {
    path.rsplit_once('/')
        .map_or(".", |(directory, _)| directory)
}

struct Reader<'f> {
    files: &'f dyn Files,
    directory: String,
    ids: usize,
    read: usize,
}

/// One file as it is being read.
struct Open<'t> {
    source: Rc<Source>,
    lexer: Lexer<'t>,
    depth: usize,
}

impl Open<'_> {
    fn at(&self, span: Range<usize>) -> At {
        let before = self.source.text.get(..span.start).unwrap_or_default();
        At {
            file: Rc::clone(&self.source),
            line: before.matches('\n').count() + 1,
            span,
        }
    }

    fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake {
            at: self.at(span),
            message: message.into(),
            help: None,
        }
    }

    fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, Mistake> {
        self.lexer
            .next()
            .map_err(|(span, message)| self.mistake(span, message))
    }
}

impl Reader<'_> {
    fn file(&mut self, path: &str, from: &At, depth: usize) -> Result<Vec<Directive>, Mistake> {
        let refuse = |message: String, help: Option<&str>| Mistake {
            at: from.clone(),
            message,
            help: help.map(str::to_owned),
        };
        self.read += 1;
        if depth > DEEPEST || self.read > MOST_FILES {
            return Err(refuse(format!("{path} includes itself"), None));
        }
        let bytes = self.files.read(path).map_err(|error| {
            let help = "run this where nginx runs, or on a copy of all of its files";
            refuse(format!("{path} cannot be read: {error}"), Some(help))
        })?;
        let source = Rc::new(Source {
            name: path.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
        let text = Rc::clone(&source);
        let mut open = Open {
            source,
            lexer: Lexer::new(&text.text),
            depth,
        };
        self.block(&mut open, None)
    }

    /// Directives up to the end of the file, or of the block that was `opened`.
    fn block(
        &mut self,
        open: &mut Open<'_>,
        opened: Option<&(&str, Range<usize>, usize)>,
    ) -> Result<Vec<Directive>, Mistake> {
        let level = opened.map_or(0, |(_, _, level)| *level);
        let mut directives = Vec::new();
        loop {
            let (name, span) = match (open.next()?, opened) {
                (None, None) | (Some((Token::Close, _)), Some(_)) => return Ok(directives),
                (None, Some((name, span, _))) => {
                    let message = format!("the block of `{name}` is not closed");
                    return Err(open.mistake(span.clone(), message));
                }
                (Some((Token::Word(name), span)), _) => (name, span),
                (Some((_, span)), _) => return Err(unexpected(open, span)),
            };
            if level > DEEPEST {
                return Err(open.mistake(span, "the blocks are nested too deeply"));
            }
            let directive = self.directive(open, name, span, level)?;
            if directive.name == "include" && directive.block.is_none() {
                directives.extend(self.include(&directive, open.depth)?);
            } else {
                directives.push(directive);
            }
        }
    }

    fn directive(
        &mut self,
        open: &mut Open<'_>,
        name: String,
        span: Range<usize>,
        level: usize,
    ) -> Result<Directive, Mistake> {
        let mut words = Vec::new();
        let block = loop {
            match open.next()? {
                Some((Token::Word(word), _)) => words.push(word),
                Some((Token::Semicolon, _)) => break None,
                Some((Token::Open, _)) if name.ends_with("_by_lua_block") => {
                    let skipped = open.lexer.skip_block();
                    skipped.map_err(|(span, message)| open.mistake(span, message))?;
                    break Some(Vec::new());
                }
                Some((Token::Open, _)) => {
                    break Some(self.block(open, Some(&(&name, span.clone(), level + 1)))?);
                }
                Some((Token::Close, close)) => {
                    // The line that lacks it is the one to be shown, and not the one of the brace.
                    let mut mistake = open.mistake(span, format!("`{name}` has no `;` at its end"));
                    if close.start == 0 {
                        mistake.at = open.at(close);
                    }
                    return Err(mistake);
                }
                None => {
                    let message = format!("the file ends before the `;` of `{name}`");
                    return Err(open.mistake(span, message));
                }
            }
        };
        self.ids += 1;
        let end = open.lexer.position();
        let whole = if block.is_some() {
            span
        } else {
            span.start..end
        };
        Ok(Directive {
            id: self.ids,
            name,
            words,
            block,
            at: open.at(whole),
        })
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Result<Vec<Directive>, Mistake> {
        let path = directive.first();
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.directory)
        };
        let paths = if path.contains(['*', '?', '[']) {
            self.files.list(&path).map_err(|error| Mistake {
                at: directive.at.clone(),
                message: format!("{path}: {error}"),
                help: None,
            })?
        } else {
            vec![path]
        };
        let mut directives = Vec::new();
        for path in paths {
            directives.extend(self.file(&path, &directive.at, depth + 1)?);
        }
        Ok(directives)
    }
}

fn unexpected(open: &Open<'_>, span: Range<usize>) -> Mistake {
    let found = open.source.text.get(span.clone()).unwrap_or_default();
    let message = format!("there is a `{found}` where a directive has to begin");
    open.mistake(span, message)
}
