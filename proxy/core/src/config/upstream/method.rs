//! How a server is chosen: method, profile, sticky cookie, queue.

use std::num::NonZeroU32;
use std::time::Duration;

use settings::{Place, Problem, Problems};

use super::{checks, file};
use crate::balance::{Method, Profile};
use crate::http::is_token;
use crate::template::{Scope, Template};

/// A cookie that keeps a client with its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sticky {
    /// The cookie's name.
    pub cookie: String,
    /// Its attributes as they follow the value in Set-Cookie, such as `; Path=/; HttpOnly`.
    pub attributes: String,
}

/// Requests that wait while all servers are busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The most that wait.
    pub size: NonZeroU32,
    /// How long each waits.
    pub timeout: Duration,
}

pub(super) fn meant(
    written: &file::Balance,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> (Method, Option<Template>) {
    match written {
        file::Balance::Method(method) => (
            match method {
                file::BalanceMethod::RoundRobin => Method::RoundRobin,
                file::BalanceMethod::LeastConn => Method::LeastConn,
                file::BalanceMethod::IpHash => Method::IpHash,
                file::BalanceMethod::RandomTwo => Method::RandomTwo,
                file::BalanceMethod::PeakEwma => Method::PeakEwma,
            },
            None,
        ),
        file::Balance::Hash(hash) => (
            Method::Hash {
                consistent: hash.consistent,
                load: load(hash, at, problems),
            },
            key(&hash.hash, scope, &at.key("hash"), problems),
        ),
    }
}

fn key(written: &str, scope: &Scope, at: &Place, problems: &mut Problems) -> Option<Template> {
    let key = checks::template(scope, written, at, problems)?;
    if key.is_constant() {
        problems.push_with_help(
            at,
            "the key has no variable, so every request would meet the same server",
            "\"$request_uri\"",
        );
        return None;
    }
    Some(key)
}

/// The load factor in percent.
fn load(
    written: &file::HashBalance,
    hash_at: &Place,
    problems: &mut Problems,
) -> Option<NonZeroU32> {
    let factor = written.load_factor?;
    let at = hash_at.key("load_factor");
    if !written.consistent {
        let problem = Problem::new(&at, "a load factor needs `consistent = true`");
        problems.note(problem.rests_on(hash_at.key("consistent")));
    }
    // At 1 a server may have exactly its share, which leaves no choice; 100 bounds nothing.
    if !(1.01..=100.0).contains(&factor) {
        problems.push_with_help(&at, "a load factor is a number from 1.01 to 100", "1.25");
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 101 to 10000"
    )]
    NonZeroU32::new((factor * 100.0).round() as u32)
}

/// What the method cannot be combined with.
pub(super) fn check_servers(
    method: Method,
    written: &file::Upstream,
    at: &Place,
    problems: &mut Problems,
) {
    let by_key = matches!(method, Method::IpHash | Method::Hash { .. });
    let draws = method == Method::RandomTwo;
    for (index, server) in written.server.iter().enumerate() {
        let at = at.key("server").index(index);
        if server.backup && written.compat == file::Compat::Nginx && (by_key || draws) {
            problems.push_with_help(
                &at.key("backup"),
                "nginx has no backups with this method of balancing",
                "compat = \"safe\" has",
            );
        }
        if !server.slow_start.0.is_zero() && by_key {
            problems.push(
                &at.key("slow_start"),
                "keys decide which server is asked, so its share cannot grow slowly",
            );
        }
    }
}

pub(super) fn profile(written: &file::Upstream, at: &Place, problems: &mut Problems) -> Profile {
    if written.max_ejected > 100 {
        problems.push(&at.key("max_ejected"), "more than 100 percent");
    }
    match written.compat {
        file::Compat::Nginx => Profile::Nginx,
        file::Compat::Safe => Profile::Safe {
            most_ejected: written.max_ejected,
        },
    }
}

pub(super) fn sticky(
    written: &file::Sticky,
    at: &Place,
    problems: &mut Problems,
) -> Option<Sticky> {
    if !is_token(&written.cookie) {
        let message = format!("`{}` is not a name for a cookie", written.cookie);
        problems.push(&at.key("cookie"), message);
        return None;
    }
    let mut attributes = String::new();
    let mut add = |key: &str, name: &str, value: &str| {
        // RFC 6265 §4.1.1: whatever ends an attribute would begin another one.
        if value.contains(|c: char| c == ';' || c.is_control()) {
            problems.push(&at.key(key), "a semicolon or a control character");
        }
        for part in ["; ", name, "=", value] {
            attributes.push_str(part);
        }
    };
    add("path", "Path", &written.path);
    if let Some(domain) = &written.domain {
        add("domain", "Domain", domain);
    }
    if let Some(max_age) = written.max_age {
        add("max_age", "Max-Age", &max_age.0.as_secs().to_string());
    }
    let same_site = match written.same_site {
        file::SameSite::Lax => "Lax",
        file::SameSite::Strict => "Strict",
        file::SameSite::None => "None",
    };
    add("same_site", "SameSite", same_site);
    if written.same_site == file::SameSite::None && !written.secure {
        let message = "browsers refuse such a cookie without `secure`";
        let problem = Problem::new(&at.key("same_site"), message).help("secure = true");
        problems.note(problem.rests_on(at.key("secure")));
    }
    if written.secure {
        attributes.push_str("; Secure");
    }
    if written.http_only {
        attributes.push_str("; HttpOnly");
    }
    Some(Sticky {
        cookie: written.cookie.clone(),
        attributes,
    })
}

pub(super) fn queue(written: &file::Queue, at: &Place, problems: &mut Problems) -> Queue {
    Queue {
        size: checks::at_least_one(written.size, &at.key("size"), problems),
        timeout: checks::timeout(written.timeout, &at.key("timeout"), problems),
    }
}
