//! `if`: the conditions that have other words in the edge.

use super::Import;
use crate::document::Value;
use crate::expression;
use crate::syntax::Directive;
use crate::text::{self, Variables};

/// What a condition asks.
pub(super) enum Meaning {
    /// Something that a route can ask (`when`), or the contrary of it.
    When { when: Value, negated: bool },
    /// Whether the client came without TLS.
    PlainHttp,
    /// Whether there is no such file.
    NoFile,
    /// Anything else.
    Other,
}

/// Methods that clients use; the others of `if ($request_method !~ ...)` are rare.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// The words between the parentheses.
fn words(condition: &Directive) -> Vec<String> {
    let mut words = condition.words.clone();
    if let Some(first) = words.first_mut()
        && let Some(rest) = first.strip_prefix('(')
    {
        *first = rest.to_owned();
    }
    if let Some(last) = words.last_mut()
        && let Some(rest) = last.strip_suffix(')')
    {
        *last = rest.to_owned();
    }
    let middle = words.len() == 3;
    // `$x = ""` has an empty word that means something.
    words.retain(|word| middle || !word.is_empty());
    words
}

/// The host that a condition asks for, and whether it asks for all others.
pub(super) fn host(condition: &Directive) -> Option<(String, bool)> {
    let words = words(condition);
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["$host" | "$http_host", "=", host] => Some(((*host).to_owned(), false)),
        ["$host" | "$http_host", "!=", host] => Some(((*host).to_owned(), true)),
        _ => None,
    }
}

impl Import<'_> {
    pub(super) fn meaning(&self, condition: &Directive, variables: &Variables) -> Meaning {
        let words = words(condition);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["$scheme", "=", "http"]
            | ["$scheme", "!=", "https"]
            | ["$https", "=", ""]
            | ["$https", "!=", "on"]
            | ["$server_port", "=", "80"]
            | ["$server_port", "!=", "443"] => Meaning::PlainHttp,
            ["!-e" | "!-f", "$request_filename"] => Meaning::NoFile,
            [variable] => self.is_set(variable, variables),
            ["$request_method", operator, value] => methods(operator, value),
            [variable, operator, value] => Self::compared(variable, operator, value),
            _ => Meaning::Other,
        }
    }

    /// `if ($http_x)`, and `if ($is_bot)` with a map of such.
    fn is_set(&self, variable: &str, variables: &Variables) -> Meaning {
        let name = variable.strip_prefix('$').unwrap_or_default();
        if let Some(map) = self.maps.get(name) {
            return self.mapped(map, variables);
        }
        source(variable).map_or(Meaning::Other, |place| Meaning::When {
            when: asks(&place, Value::Switch(true)),
            negated: false,
        })
    }

    fn compared(variable: &str, operator: &str, value: &str) -> Meaning {
        let Some(place) = source(variable) else {
            return Meaning::Other;
        };
        let ignores_case = operator.ends_with('*');
        let negated = operator.starts_with('!');
        let value = match operator {
            "=" | "!=" if value.is_empty() => {
                // Nothing there is the contrary of something.
                return Meaning::When {
                    when: asks(&place, Value::Switch(negated)),
                    negated: false,
                };
            }
            "=" | "!=" => Value::text(value),
            "~" | "~*" | "!~" | "!~*" => match expression::meant(value, ignores_case) {
                Ok(regex) => Value::inline([("regex", Value::text(text::escaped(&regex)))]),
                Err(_) => return Meaning::Other,
            },
            _ => return Meaning::Other,
        };
        Meaning::When {
            when: asks(&place, value),
            negated,
        }
    }

    /// A map whose values say yes or no, of one header, cookie or argument: an expression.
    fn mapped(&self, map: &Directive, variables: &Variables) -> Meaning {
        let Some(place) = source(map.first()) else {
            return Meaning::Other;
        };
        let mut options = Vec::new();
        for entry in map.inside() {
            let says_yes = !matches!(entry.first(), "" | "0");
            let is_constant = variables.constant(entry.first()).is_some();
            match entry.name.as_str() {
                "default" if says_yes => return Meaning::Other,
                "default" | "volatile" => {}
                _ if !is_constant || !says_yes => return Meaning::Other,
                key => {
                    let option = match (key.strip_prefix("~*"), key.strip_prefix('~')) {
                        (Some(key), _) => format!("(?i:{key})"),
                        (None, Some(key)) => format!("(?:{key})"),
                        (None, None) => format!("^(?i:{})$", quoted(key)),
                    };
                    options.push(option);
                }
            }
        }
        let regex = options.join("|");
        if options.is_empty() || expression::meant(&regex, false).is_err() {
            return Meaning::Other;
        }
        self.notes.seen(map);
        let regex = Value::inline([("regex", Value::text(text::escaped(&regex)))]);
        Meaning::When {
            when: asks(&place, regex),
            negated: false,
        }
    }

    /// For the contrary of a condition on methods, the other methods.
    pub(super) fn contrary(when: &Value) -> Option<Value> {
        let Value::Inline(pairs) = when else {
            return None;
        };
        let (_, Value::List(named)) = pairs.first().filter(|(key, _)| key == "method")? else {
            return None;
        };
        let others = METHODS.into_iter().map(Value::text);
        let others: Vec<Value> = others.filter(|method| !named.contains(method)).collect();
        (!others.is_empty()).then(|| Value::inline([("method", Value::List(others))]))
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() && c.is_ascii() && c != ' ' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `GET`, `^(GET|POST)$`.
fn methods(operator: &str, value: &str) -> Meaning {
    let value = value.trim_start_matches('^').trim_end_matches('$');
    let value = value.trim_start_matches('(').trim_end_matches(')');
    let value = value.trim_start_matches("?:");
    let is_method =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let methods: Vec<&str> = value.split('|').collect();
    if !methods.iter().all(|method| is_method(method)) {
        return Meaning::Other;
    }
    Meaning::When {
        when: Value::inline([("method", Value::texts(methods))]),
        negated: operator.starts_with('!'),
    }
}

/// The header, cookie or argument that a variable is.
fn source(variable: &str) -> Option<(&'static str, String)> {
    let name = variable.strip_prefix('$')?;
    let header = |name: &str| name.replace('_', "-");
    if let Some(name) = name.strip_prefix("http_") {
        Some(("header", header(name)))
    } else if let Some(name) = name.strip_prefix("cookie_") {
        Some(("cookie", name.to_owned()))
    } else if let Some(name) = name.strip_prefix("arg_") {
        Some(("query", name.to_owned()))
    } else if name == "content_type" {
        Some(("header", "content-type".to_owned()))
    } else {
        None
    }
}

fn asks((of, name): &(&'static str, String), condition: Value) -> Value {
    Value::inline([(of, Value::Inline(vec![(name.clone(), condition)]))])
}
