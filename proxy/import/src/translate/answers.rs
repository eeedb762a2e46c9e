//! `return`, `rewrite`, `error_page`: answers of the configuration's own, and other paths.

use super::Import;
use super::routes::{Pattern, Place};
use crate::document::Value;
use crate::expression;
use crate::level::Level;
use crate::syntax::Directive;
use crate::text;
use crate::text::Variables;

/// An answer: the key for it, and what is said there.
pub(super) type Answer = (&'static str, Value);

impl<'d> Import<'d> {
    /// What `return` answers.
    pub(super) fn returned(&self, directive: &Directive, place: &Place<'_, 'd>) -> Answer {
        let first = directive.first();
        let text = |text: &str| place.variables.text(text, directive, self.notes);
        let Ok(status) = first.parse::<u64>() else {
            return ("redirect", Value::text(text(first)));
        };
        let said = directive.word(1);
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            let to = text(said.unwrap_or("/"));
            if said.is_none() {
                self.notes.lost(directive, "it does not say where to", "");
            }
            let redirect =
                Value::inline([("to", Value::text(to)), ("status", Value::Number(status))]);
            return ("redirect", redirect);
        }
        if !(200..600).contains(&status) {
            self.notes
                .lost(directive, &format!("{status} is no final status"), "");
            return refused(500);
        }
        let mut pairs = vec![("status".to_owned(), Value::Number(status))];
        let has_content = !matches!(status, 204 | 205 | 304 | 444);
        // Without a text nginx has a page for errors, and nothing for all else.
        let said = said.map(text).or_else(|| (status < 400).then(String::new));
        if let Some(said) = said.filter(|_| has_content) {
            pairs.push(("text".to_owned(), Value::text(said)));
            let media_type = self.media_type(place);
            if media_type != "text/plain" {
                pairs.push(("type".to_owned(), Value::text(media_type)));
            }
        }
        ("respond", Value::Inline(pairs))
    }

    /// The media type of a text: by the end of the path, or the default.
    fn media_type(&self, place: &Place<'_, 'd>) -> String {
        let headers = place.level.all("add_header");
        let mut headers = headers
            .iter()
            .filter(|one| one.first().eq_ignore_ascii_case("content-type"));
        if let Some(written) = headers.next().and_then(|one| one.word(1)) {
            return written.to_owned();
        }
        if let Pattern::Exact(path) = &place.pattern
            && let Some((_, end)) = path
                .rsplit('/')
                .next()
                .and_then(|name| name.rsplit_once('.'))
            && let Some(known) = self.types.get(end)
        {
            return (*known).to_owned();
        }
        let default = place.level.one("default_type");
        default.map_or("text/plain", |one| one.first()).to_owned()
    }

    /// The rules of a block.
    pub(super) fn rewrites(&self, rules: &[&'d Directive], variables: &Variables) -> Option<Value> {
        let mut list = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let find = match expression::meant(rule.first(), false) {
                Ok(find) => find,
                Err(error) => {
                    self.notes
                        .lost(rule, &error, "write it without look-around");
                    continue;
                }
            };
            let Some((find, to)) = with_slash(find, rule) else {
                let help = "begin the new path with a slash";
                self.notes.lost(rule, "paths begin with a slash", help);
                continue;
            };
            let to = variables.with_groups(&find).text(&to, rule, self.notes);
            let mut pairs = vec![
                ("find".to_owned(), Value::text(text::escaped(&find))),
                ("to".to_owned(), Value::text(to)),
            ];
            match rule.word(2) {
                Some(flag @ ("break" | "redirect" | "permanent")) => {
                    pairs.push(("then".to_owned(), Value::text(flag)));
                }
                None if index + 1 < rules.len() && !is_url(rule.word(1).unwrap_or_default()) => {
                    let message = "the rules after it are not tried on the new path: the first that fits is the last";
                    self.notes.differs(rule, message, "write one rule for both");
                }
                Some(_) | None => {}
            }
            list.push(Value::Inline(pairs));
        }
        (!list.is_empty()).then_some(Value::List(list))
    }

    /// Pages for errors.
    pub(super) fn error_pages(&self, level: &Level<'d>, variables: &Variables) -> Option<Value> {
        let mut pages: Vec<(String, Value)> = Vec::new();
        for directive in level.all("error_page") {
            let Some((to, words)) = directive.words.split_last() else {
                continue;
            };
            let (status, codes): (Vec<&String>, Vec<&String>) =
                words.iter().partition(|word| word.starts_with('='));
            let codes: Vec<&str> = codes.into_iter().map(String::as_str).collect();
            if codes.contains(&"497") {
                let help = "a listener without TLS and https_only = true send clients there";
                self.notes.lost(
                    directive,
                    "plain HTTP on a port of TLS is 400, and no page is for it",
                    help,
                );
            }
            let codes: Vec<&str> = codes.into_iter().filter(|code| *code != "497").collect();
            if codes.is_empty() {
                continue;
            }
            let text = variables.text(to, directive, self.notes);
            if !has_location(level, &text) {
                self.notes
                    .lost(directive, "there is no location of this name", "");
                continue;
            }
            let to = if text.starts_with(['/', '@', '$']) || is_url(&text) {
                text
            } else {
                // nginx looks for such a page below the root all the same.
                format!("/{text}")
            };
            let page = match status.first().map(|word| word.trim_start_matches('=')) {
                None => Value::text(to),
                Some("") => {
                    Value::inline([("to", Value::text(to)), ("status", Value::text("own"))])
                }
                Some(status) => match status.parse() {
                    Ok(status) => {
                        Value::inline([("to", Value::text(to)), ("status", Value::Number(status))])
                    }
                    Err(_) => Value::text(to),
                },
            };
            pages.push((codes.join(" "), page));
        }
        (!pages.is_empty()).then_some(Value::Inline(pages))
    }
}

/// Whether there is a location of a name, if it is one.
pub(super) fn has_location(level: &Level<'_>, name: &str) -> bool {
    let mut all = level.blocks().iter().flat_map(|block| block.iter());
    !name.starts_with('@') || all.any(|one| one.name == "location" && one.first() == name)
}

/// A rule whose new path begins with a slash: in `^(.*)$` and `$1/x` the group has it.
fn with_slash(find: String, rule: &Directive) -> Option<(String, String)> {
    let to = rule.word(1).unwrap_or_default();
    let redirects = matches!(rule.word(2), Some("redirect" | "permanent"));
    if to.starts_with('/') || is_url(to) || redirects {
        return Some((find, to.to_owned()));
    }
    let group = find.strip_prefix("^(")?;
    let rest = group.strip_prefix('/').unwrap_or(group);
    let takes_all = group.starts_with('/') || group.starts_with(".*)") || group.starts_with(".+)");
    let once = to.starts_with("$1") && to.matches("$1").count() == 1;
    (takes_all && once).then(|| (format!("^/({rest}"), format!("/{to}")))
}

/// An answer without a content.
pub(super) fn refused(status: u64) -> Answer {
    (
        "respond",
        Value::inline([("status", Value::Number(status))]),
    )
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "$scheme://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}
