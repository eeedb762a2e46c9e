//! Rate limits, from written to meant.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use settings::{Place, Problem, Problems, closest};

use super::{checks, file};
use crate::rate::{BadRate, Burst, Rate};
use crate::template::{Scope, Template};

/// How often something may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Its name: the label in metrics.
    pub name: String,
    /// What is counted; `None`: the client's address, and of IPv6 its network of 64 bits.
    pub key: Option<Template>,
    /// How often.
    pub rate: Rate,
    /// The same as it is written.
    pub written: String,
    /// How much of what comes too early is borne.
    pub burst: Burst,
    /// The status of requests that are refused.
    pub status: u16,
    /// Whether it only counts.
    pub dry_run: bool,
    /// How many keys are remembered.
    pub keys: NonZeroUsize,
}

/// Its keys are kept in so many tables, so that workers seldom wait for each other.
pub const TABLES: usize = 16;

/// All rate limits, in the order of their names, which is the order in which they are locked.
pub(super) fn all(
    written: &BTreeMap<String, file::RateLimit>,
    scope: &Scope,
    problems: &mut Problems,
) -> Vec<RateLimit> {
    let place = Place::root().key("rate_limit");
    let one = |(name, limit): (&String, &file::RateLimit)| {
        one((name, limit), scope, &place.key(name), problems)
    };
    written.iter().filter_map(one).collect()
}

fn one(
    (name, written): (&str, &file::RateLimit),
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<RateLimit> {
    let key = written.key.as_ref();
    let key = key.map(|text| checks::template(scope, text, &at.key("key"), problems));
    let rate = rate(&written.rate, &at.key("rate"), problems);
    if !(400..600).contains(&written.status) {
        problems.push_with_help(
            &at.key("status"),
            format!("{} is no status of an error", written.status),
            "429 tells the client, 503 is nginx's",
        );
    }
    let keys = usize::try_from(written.keys).unwrap_or(usize::MAX);
    if keys < TABLES {
        let message = format!("fewer than {TABLES} keys cannot be told apart");
        problems.push(&at.key("keys"), message);
    }
    Some(RateLimit {
        name: name.to_owned(),
        burst: burst(written, at, problems),
        status: written.status,
        dry_run: written.dry_run,
        keys: NonZeroUsize::new(keys).unwrap_or(NonZeroUsize::MIN),
        rate: rate?,
        written: written.rate.clone(),
        key: match key {
            Some(key) => Some(key?),
            None => None,
        },
    })
}

fn rate(text: &str, at: &Place, problems: &mut Problems) -> Option<Rate> {
    match text.parse() {
        Ok(rate) => Some(rate),
        Err(error) => {
            let message = format!("`{text}` {error}");
            match error {
                BadRate::Syntax => problems.push(at, message),
                BadRate::Zero => {
                    let help = "to refuse everybody: deny = [\"0.0.0.0/0\", \"::/0\"]";
                    problems.push_with_help(at, message, help);
                }
                BadRate::TooOften => problems.push_with_help(at, message, "leave the limit out"),
            }
            None
        }
    }
}

fn burst(written: &file::RateLimit, at: &Place, problems: &mut Problems) -> Burst {
    let size = written.burst;
    let at_once = match (written.nodelay, written.delay) {
        (false, delay) => delay.unwrap_or(0),
        (true, None) => size,
        (true, Some(delay)) => {
            problems.push(
                &at.key("delay"),
                "`nodelay` says that all are served at once; there is one of both",
            );
            delay
        }
    };
    if at_once > size {
        problems.push_with_help(
            &at.key("delay"),
            format!("{at_once} are more than the burst of {size}"),
            "nodelay = true serves the whole burst at once",
        );
    }
    Burst { size, at_once }
}

/// The places among `known` of the limits that are named, in ascending order.
pub(super) fn named(
    names: &[String],
    known: &BTreeMap<String, file::RateLimit>,
    at: &Place,
    problems: &mut Problems,
) -> Vec<usize> {
    let mut places = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let at = at.index(index);
        match known.keys().position(|other| other == name) {
            Some(place) if places.contains(&place) => {
                problems.push(&at, format!("`{name}` is already in the list"));
            }
            Some(place) => places.push(place),
            None => {
                let help = match closest(name, known.keys().map(String::as_str)) {
                    Some(known) => format!("did you mean \"{known}\"?"),
                    None => format!("add [rate_limit.{name}]"),
                };
                let message = format!("there is no rate limit `{name}`");
                let problem = Problem::new(&at, message).help(help);
                problems.note(problem.rests_on(Place::root().key("rate_limit").key(name)));
            }
        }
    }
    places.sort_unstable();
    places
}
