//! Answers from the disk, from written to meant.

use std::ffi::OsString;
use std::path::Path;

use settings::{Place, Problems};

use super::names::Names;
use super::{checks, file, rewrite};
use crate::files::{Candidate, Fallback, Files, FilesPlace};
use crate::route::PathPattern;
use crate::template::Varying;

pub(super) fn meant(
    written: &file::Files,
    pattern: &PathPattern,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Files> {
    let index = index(written, names, &at.key("index"), problems);
    let place = place(written, (pattern, names), at, problems);
    let (candidates, fallback) = candidates(written, names, &at.key("try"), problems)?;
    if let (Some(FilesPlace::Alias { of, .. }), Some(tried)) = (&place, &written.candidates) {
        check_below(of, tried, &at.key("try"), problems);
    }
    Some(Files {
        place: place?,
        index,
        candidates,
        fallback,
        precompressed: written.precompressed,
    })
}

fn index(
    written: &file::Files,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Vec<Varying<OsString>> {
    let mut index = Vec::new();
    for (number, name) in written.index.iter().enumerate() {
        let at = at.index(number);
        if name.is_empty() || name.contains('/') {
            problems.push(&at, format!("`{name}` is not the name of a file"));
        }
        index.extend(checks::varying(&names.scope, name, &at, problems));
    }
    index
}

fn place(
    written: &file::Files,
    (pattern, names): (&PathPattern, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<FilesPlace> {
    match (&written.root, &written.alias) {
        (Some(root), None) => {
            let at = at.key("root");
            absolute(root, &at, problems);
            let root = root.trim_end_matches('/');
            checks::disk_path(&names.scope, root, &at, problems).map(FilesPlace::Root)
        }
        (None, Some(alias)) => self::alias(alias, (pattern, names), &at.key("alias"), problems),
        (Some(_), Some(_)) => {
            problems.push(
                &at.key("alias"),
                "`root` is there too, and files have one place",
            );
            None
        }
        (None, None) => {
            problems.push_with_help(
                at,
                "it does not say where the files are",
                "root = \"/srv/www\"",
            );
            None
        }
    }
}

fn alias(
    alias: &str,
    (pattern, names): (&PathPattern, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<FilesPlace> {
    absolute(alias, at, problems);
    let with = checks::disk_path(&names.scope, alias, at, problems);
    let path = match pattern {
        PathPattern::Exact(path) => path,
        PathPattern::Prefix(path) | PathPattern::PrefixBeforeRegex(path) => {
            // nginx lets it be, and `/files../` then leaves the directory.
            if path.ends_with('/') != alias.ends_with('/') {
                problems.push_with_help(
                    at,
                    format!(
                        "`{alias}` takes the place of `{path}`: both end with a slash, or neither"
                    ),
                    if path.ends_with('/') {
                        format!("\"{alias}/\"")
                    } else {
                        format!("path = \"{path}/\"")
                    },
                );
            }
            path
        }
        PathPattern::Regex(_) | PathPattern::Named(_) => {
            problems.push_with_help(
                at,
                "there is no path whose place it could take",
                "root = \"...\"",
            );
            return None;
        }
    };
    Some(FilesPlace::Alias {
        of: path.clone(),
        with: with?,
    })
}

/// An alias has files for paths below the route's only.
fn check_below(of: &str, tried: &[String], at: &Place, problems: &mut Problems) {
    let own = tried.iter().enumerate().take(tried.len().saturating_sub(1));
    for (index, path) in own.filter(|(_, path)| path.starts_with('/')) {
        if !path.starts_with(of) {
            problems.push_with_help(
                &at.index(index),
                format!("`{path}` is not below `{of}`, so the alias has no file for it"),
                "paths are written whole, as in nginx; or use `root`",
            );
        }
    }
}

/// An absolute path; one that begins with a variable has to turn out to be one.
fn absolute(path: &str, at: &Place, problems: &mut Problems) {
    if !path.starts_with('$') && !Path::new(path).is_absolute() {
        problems.push(at, format!("`{path}` is not an absolute path"));
    }
}

/// What is looked for, and what happens if nothing is found: without a word about it, as in nginx
/// without `try_files`.
fn candidates(
    written: &file::Files,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<(Vec<Candidate>, Fallback)> {
    let Some(written) = &written.candidates else {
        let mut candidates = Vec::new();
        for (text, directory) in [("$uri", false), ("$uri", true)] {
            let path = checks::template(&names.scope, text, at, problems)?;
            candidates.push(Candidate { path, directory });
        }
        return Some((candidates, Fallback::Status(404)));
    };
    let Some((last, tried)) = written.split_last() else {
        problems.push(at, "nothing is looked for");
        return None;
    };
    let mut candidates = Vec::new();
    for (index, text) in tried.iter().enumerate() {
        let at = at.index(index);
        let directory = text.ends_with('/');
        if text.starts_with(['=', '@']) {
            problems.push(&at, format!("`{text}` can only be the last"));
        }
        let path = text.trim_end_matches('/');
        let path = checks::template(&names.scope, path, &at, problems)?;
        candidates.push(Candidate { path, directory });
    }
    let at = at.index(tried.len());
    let fallback = match last.strip_prefix('=') {
        Some(status) => match status.parse() {
            Ok(status) if (300..600).contains(&status) => Fallback::Status(status),
            _ => {
                problems.push_with_help(
                    &at,
                    format!("`{last}` is no status of an error"),
                    "\"=404\"",
                );
                return None;
            }
        },
        None => Fallback::Go(rewrite::destination(last, names, &at, problems)?),
    };
    Some((candidates, fallback))
}
