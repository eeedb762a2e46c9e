//! Requests that go on elsewhere, from written to meant.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use settings::{Place, Problems};

use super::names::Names;
use super::{checks, file};
use crate::error_page::{Destination, ErrorPage, ErrorPages, PageStatus};
use crate::expression::Expression;
use crate::route::{Rewrite, Then};
use crate::template::Scope;

/// Rules for paths, in their order.
pub(super) fn rules(
    written: &[file::Rewrite],
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Vec<Rewrite> {
    let rules = written.iter().enumerate();
    rules
        .filter_map(|(index, written)| rule(written, scope, &at.index(index), problems))
        .collect()
}

fn rule(
    written: &file::Rewrite,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<Rewrite> {
    let find = problems.ok(&at.key("find"), Expression::new(&written.find))?;
    let scope = scope.with_path(&find);
    let at = at.key("to");
    let then = match written.then {
        file::Then::Permanent => Then::Redirect(301),
        file::Then::Redirect => Then::Redirect(302),
        // As in nginx.
        file::Then::Last | file::Then::Break if is_url(&written.to) => Then::Redirect(302),
        file::Then::Last => Then::Last,
        file::Then::Break => Then::Break,
    };
    if !matches!(then, Then::Redirect(_)) {
        checks::path(&written.to, &at, problems);
    }
    checks::one_word(&written.to, &at, problems);
    let (path, query) = match written.to.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (written.to.as_str(), None),
    };
    let own_query = query.map(|query| query.trim_end_matches('?'));
    let keeps_query = query.is_none_or(|query| !query.is_empty() && !query.ends_with('?'));
    let query = match own_query.filter(|query| !query.is_empty()) {
        Some(query) => Some(checks::template(&scope, query, &at, problems)?),
        None => None,
    };
    Some(Rewrite {
        path: checks::template(&scope, path, &at, problems)?,
        query,
        keeps_query,
        then,
        find,
    })
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "$scheme://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

/// Pages by status.
pub(super) fn error_pages(
    written: &BTreeMap<String, file::ErrorPage>,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> ErrorPages {
    let mut pages = Vec::new();
    for (key, page) in written {
        let at = at.key(key);
        let ranges = statuses(key, &at, problems);
        if let Some(page) = error_page(page, names, &at, problems) {
            pages.extend(ranges.into_iter().map(|range| (range, page.clone())));
        }
    }
    // Where ranges overlap the narrower one is meant.
    pages.sort_by_key(|(range, _)| range.end() - range.start());
    pages.into_iter().collect()
}

/// `404`, `500 502`, `500-599`.
fn statuses(key: &str, at: &Place, problems: &mut Problems) -> Vec<RangeInclusive<u16>> {
    let mut ranges = Vec::new();
    for word in key.split_whitespace() {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 300 <= first && first <= last && last <= 599 => {
                ranges.push(first..=last);
            }
            _ => problems.push_with_help(
                at,
                format!("`{word}` is no status of an error"),
                "statuses from 300 to 599: \"404\", \"500 502\" or \"500-599\"",
            ),
        }
    }
    if key.trim().is_empty() {
        problems.push(at, "the page is for no status");
    }
    ranges
}

fn error_page(
    written: &file::ErrorPage,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<ErrorPage> {
    let (to, status) = match written {
        file::ErrorPage::To(to) => (destination(to, names, at, problems), PageStatus::OfError),
        file::ErrorPage::With(with) => {
            let status = match with.status {
                file::PageStatus::Own(_) => PageStatus::Own,
                file::PageStatus::Is(status) => {
                    if !(200..600).contains(&status) {
                        let at = at.key("status");
                        problems.push(&at, format!("{status} is no final status"));
                    }
                    PageStatus::Is(status)
                }
            };
            (
                destination(&with.to, names, &at.key("to"), problems),
                status,
            )
        }
    };
    let to = to?;
    if let (Destination::Url(_), PageStatus::Is(status)) = (&to, status)
        && !(300..400).contains(&status)
    {
        problems.push(
            &at.key("status"),
            format!("{status} does not send anybody to a URL"),
        );
    }
    Some(ErrorPage { to, status })
}

/// A path, `@name` or a URL.
pub(super) fn destination(
    written: &str,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Destination> {
    if let Some(name) = written.strip_prefix('@') {
        names.check_route(name, at, problems);
        return Some(Destination::Named(name.to_owned()));
    }
    let text = checks::template(&names.scope, written, at, problems)?;
    if is_url(written) {
        return Some(Destination::Url(text));
    }
    if !written.starts_with('$') {
        checks::path(written, at, problems);
    }
    Some(Destination::Path(text))
}
