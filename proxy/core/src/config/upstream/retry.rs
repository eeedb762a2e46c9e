//! Retries: after which failures, how often, for how long.

use std::num::NonZeroU32;

use settings::{Period, Place, Problems, closest};

use super::file;
use crate::budget::Terms;
use crate::retry::{Condition, Policy};

/// The words of nginx's `proxy_next_upstream` that are not statuses.
const CONDITIONS: [&str; 5] = [
    "error",
    "timeout",
    "invalid_header",
    "non_idempotent",
    "off",
];

/// The statuses that nginx lets `proxy_next_upstream` name.
const STATUSES: [u16; 7] = [403, 404, 429, 500, 502, 503, 504];

pub(super) fn meant(
    written: &file::Retry,
    compat: file::Compat,
    at: &Place,
    problems: &mut Problems,
) -> Policy {
    let at_on = at.key("on");
    let mut on = Vec::new();
    for (index, word) in written.on.iter().enumerate() {
        match word.as_str() {
            "error" => on.push(Condition::Error),
            "timeout" => on.push(Condition::Timeout),
            "invalid_header" => on.push(Condition::InvalidHeader),
            "non_idempotent" => {}
            "off" if written.on.len() == 1 => {}
            "off" => problems.push(&at_on.index(index), "`off` stands alone"),
            other => match status(other) {
                Some(status) => on.push(Condition::Status(status)),
                None => unknown_condition(word, &at_on.index(index), problems),
            },
        }
    }
    let some = |period: Period| Some(period.0).filter(|period| !period.is_zero());
    let budget = match (&written.budget, compat) {
        (Some(budget), _) => Some(budget.clone()),
        (None, file::Compat::Safe) => Some(file::RetryBudget::default()),
        (None, file::Compat::Nginx) => None,
    };
    Policy {
        on,
        non_idempotent: written.on.iter().any(|word| word == "non_idempotent"),
        tries: NonZeroU32::new(written.tries),
        timeout: some(written.timeout),
        per_try_timeout: some(written.per_try_timeout),
        budget: budget.map(|budget| Terms {
            percent: budget.percent,
            reserve: budget.reserve,
        }),
    }
}

fn status(word: &str) -> Option<u16> {
    let status = word.strip_prefix("http_")?.parse().ok()?;
    STATUSES.contains(&status).then_some(status)
}

fn unknown_condition(word: &str, at: &Place, problems: &mut Problems) {
    let statuses = STATUSES.map(|status| format!("http_{status}"));
    let words = CONDITIONS
        .into_iter()
        .chain(statuses.iter().map(String::as_str));
    let message = format!("`{word}` is no condition for a retry");
    match closest(word, words) {
        Some(word) => problems.push_with_help(at, message, format!("did you mean \"{word}\"?")),
        None => problems.push(at, message),
    }
}
