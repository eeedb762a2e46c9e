//! Environment variables in string values: `${NAME}`, `${NAME:-default}`, and `$${` for a literal
//! `${`.
//!
//! As in a shell, the default also stands in for a variable that is set but empty.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Finding;

/// The names of all variables that `text` mentions, in comments too.
pub(super) fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split(['}', ':']).next())
}

/// Replaces the variables in every string below `table`; answers what could not be replaced.
pub(super) fn table(table: &mut DeTable<'_>, variables: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, value) in table.iter_mut() {
        visit(value, variables, &mut findings);
    }
    findings
}

/// Replaces the variables in a value.
pub(super) fn value(
    value: &mut Spanned<DeValue<'_>>,
    variables: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit(value, variables, &mut findings);
    findings
}

fn visit(
    value: &mut Spanned<DeValue<'_>>,
    variables: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains("${") => match expand(text, variables) {
            Ok(expanded) => *text = expanded.into(),
            Err(problem) => findings.push(Finding { span, ..problem }),
        },
        DeValue::Table(inner) => findings.extend(table(inner, variables)),
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                visit(item, variables, findings);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

fn expand(text: &str, variables: &BTreeMap<String, String>) -> Result<String, Finding> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let (inside, after) = after.split_once('}').ok_or_else(unclosed)?;
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(not_a_name(name));
        }
        let set = variables.get(name).map(String::as_str);
        let value = match default {
            Some(default) => set.filter(|value| !value.is_empty()).unwrap_or(default),
            None => set.ok_or_else(|| unset(name))?,
        };
        expanded.push_str(value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word) && !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty()
}

fn unset(name: &str) -> Finding {
    Finding::new(
        0..0,
        format!("the environment variable `{name}` is not set"),
    )
    .help(format!(
        "set it, give a default with `${{{name}:-...}}`, or write `$${{` for a literal `${{`"
    ))
}

fn not_a_name(text: &str) -> Finding {
    Finding::new(
        0..0,
        format!("`{text}` is not the name of an environment variable"),
    )
    .help("write `$${` for a literal `${`".to_owned())
}

fn unclosed() -> Finding {
    Finding::new(0..0, "`${` is not closed by `}`".to_owned())
        .help("write `$${` for a literal `${`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variables = [("HOST", "10.0.0.1"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        expand(text, &variables.into()).map_err(|finding| finding.message)
    }

    #[test]
    fn replaces_as_a_shell_does() {
        assert_eq!(expanded("${HOST}:80").as_deref(), Ok("10.0.0.1:80"));
        assert_eq!(expanded("${PORT:-80}${HOST}").as_deref(), Ok("8010.0.0.1"));
        assert_eq!(expanded("${EMPTY:-x}").as_deref(), Ok("x"));
        assert_eq!(expanded("[${EMPTY}]").as_deref(), Ok("[]"));
        assert_eq!(expanded("$${HOST} $uri").as_deref(), Ok("${HOST} $uri"));
    }

    #[test]
    fn says_what_it_cannot_replace() {
        for text in ["${NONE}", "${HOST", "${}", "${a b}", "${1A}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }
}
