//! Files, and the files that they name: `include PATTERN`, and its sisters that differ in what they mind.

use std::rc::Rc;

use super::words::{split, without_comment};
use super::{At, Files, Line, Mistake};

/// Files within files. keepalived has no limit, and runs out of memory with a file that includes itself.
const DEEPEST: usize = 16;

/// Lines of all files together; a hundred times what anybody writes.
const MOST_LINES: usize = 200_000;

/// Other spellings of `include`, which say which errors matter.
const INCLUDES: [&str; 8] = [
    "include",
    "include_check",
    "includer",
    "includem",
    "includew",
    "includeb",
    "includea",
    "includec",
];

/// All lines that are not empty, in order. Comments are gone.
pub(super) fn lines(main: &str, files: &dyn Files) -> Result<Vec<Line>, Mistake> {
    let start = At {
        file: main.into(),
        line: 0,
    };
    let mut lines = Vec::new();
    append(main, &start, 0, files, &mut lines)?;
    Ok(lines)
}

fn append(
    path: &str,
    named: &At,
    depth: usize,
    files: &dyn Files,
    lines: &mut Vec<Line>,
) -> Result<(), Mistake> {
    let refuse = |at: &At, message: String| {
        Err(Mistake {
            at: at.clone(),
            message,
        })
    };
    if depth > DEEPEST {
        return refuse(
            named,
            format!("files are included {DEEPEST} deep: does one include itself?"),
        );
    }
    let text = match files.read(path) {
        Ok(text) => text,
        Err(why) => return refuse(named, format!("{path} cannot be read: {why}")),
    };
    let file: Rc<str> = path.into();
    for (index, text) in text.lines().enumerate() {
        let at = At {
            file: Rc::clone(&file),
            line: index + 1,
        };
        let text = without_comment(text).trim();
        if text.is_empty() {
            continue;
        }
        if lines.len() >= MOST_LINES {
            return refuse(&at, format!("there are more than {MOST_LINES} lines"));
        }
        let Some(pattern) = included(text) else {
            lines.push(Line {
                at,
                text: text.to_owned(),
            });
            continue;
        };
        let found = match files.list(&beside(path, &pattern)) {
            Ok(found) => found,
            Err(why) => return refuse(&at, format!("{pattern} is not included: {why}")),
        };
        for path in found {
            append(&path, &at, depth + 1, files, lines)?;
        }
    }
    Ok(())
}

/// What a line includes, if that is what it does.
fn included(line: &str) -> Option<String> {
    let words = split(line);
    match words.as_slice() {
        [keyword, pattern, ..] if INCLUDES.contains(&keyword.text.as_str()) => {
            Some(pattern.text.clone())
        }
        _ => None,
    }
}

/// A path as it is named in a file.
fn beside(file: &str, path: &str) -> String {
    match file.rsplit_once('/') {
        Some((directory, _)) if !path.starts_with('/') => format!("{directory}/{path}"),
        _ => path.to_owned(),
    }
}
