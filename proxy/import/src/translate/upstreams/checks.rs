//! Retries, probes, and TLS to servers.

use super::super::Import;
use super::super::target::Target;
use super::Pairs;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;
use crate::text::Variables;

impl<'d> Import<'d> {
    pub(super) fn retries(
        &self,
        target: &Target,
        level: &Level<'d>,
        several: bool,
        table: &mut Table,
    ) {
        let of = if target.grpc { "grpc" } else { "proxy" };
        let next = level.one(&format!("{of}_next_upstream"));
        let tries = level.one(&format!("{of}_next_upstream_tries"));
        let timeout = level.one(&format!("{of}_next_upstream_timeout"));
        if !several {
            return;
        }
        let mut pairs = Vec::new();
        if let Some(next) = next {
            let known = next.words.iter().filter(|word| {
                let is_known = matches!(
                    word.as_str(),
                    "error" | "timeout" | "invalid_header" | "non_idempotent"
                ) || word.starts_with("http_");
                if !is_known && *word != "off" {
                    self.notes
                        .lost(next, &format!("`{word}` is no reason for a retry"), "");
                }
                is_known
            });
            pairs.push(("on".to_owned(), Value::texts(known.cloned())));
        }
        if let Some(Ok(number)) = tries.map(|one| one.first().parse()) {
            pairs.push(("tries".to_owned(), Value::Number(number)));
        }
        pairs.extend(
            timeout
                .and_then(|one| self.period(one))
                .map(|value| ("timeout".to_owned(), value)),
        );
        if !pairs.is_empty() {
            table.set("retry", Value::Inline(pairs));
        }
    }

    /// The probes of `nginx_upstream_check_module`, which Tengine has.
    pub(super) fn probes(&self, inside: &Level<'d>, table: &mut Table) {
        let Some(check) = inside.own_one("check") else {
            return;
        };
        let kind = match check.parameter("type") {
            Some("http") => "http",
            None | Some("tcp") => "tcp",
            Some(other) => {
                self.notes.differs(
                    check,
                    &format!("probes are of TCP, and not of `{other}`"),
                    "",
                );
                "tcp"
            }
        };
        let mut pairs = vec![("type".to_owned(), Value::text(kind))];
        if let Some(send) = inside.own_one("check_http_send").filter(|_| kind == "http") {
            let path = send.first().split(' ').nth(1).unwrap_or("/");
            pairs.push(("path".to_owned(), Value::text(path)));
        }
        if let Some(alive) = inside
            .own_one("check_http_expect_alive")
            .filter(|_| kind == "http")
        {
            let range = |word: &String| {
                let digit = word.strip_prefix("http_")?.strip_suffix("xx")?;
                Some(format!("{digit}00-{digit}99"))
            };
            pairs.push((
                "status".to_owned(),
                Value::texts(alive.words.iter().filter_map(range)),
            ));
        }
        for (name, default) in [("interval", "30000"), ("timeout", "1000")] {
            let millis = check.parameter(name).unwrap_or(default);
            let period = quantity::duration(&format!("{millis}ms")).map(quantity::written);
            pairs.extend(period.map(|period| (name.to_owned(), Value::text(period))));
        }
        for (name, default) in [("rise", 2), ("fall", 5)] {
            let number = check.parameter(name).and_then(|number| number.parse().ok());
            pairs.push((name.to_owned(), Value::Number(number.unwrap_or(default))));
        }
        table.set("health_check", Value::Inline(pairs));
    }

    pub(super) fn server_tls(
        &self,
        target: &Target,
        level: &Level<'d>,
        variables: &Variables,
        differ: Option<bool>,
    ) -> Pairs {
        let of = if target.grpc { "grpc" } else { "proxy" };
        let one = |name: &str| level.one(&format!("{of}_ssl_{name}"));
        let mut pairs = Vec::new();
        let verified = one("verify").is_some_and(Directive::is_on);
        let names_itself = one("server_name").is_some_and(Directive::is_on);
        if let Some(name) = one("name") {
            if let Some(text) = variables.constant(name.first()) {
                pairs.push(("server_name".to_owned(), Value::text(text)));
            } else {
                let message = "servers are asked for one name, whatever the request says";
                let help = "server_name = \"...\" in [upstream.NAME.tls]";
                self.notes.lost(name, message, help);
            }
        } else if let Some(differ) = differ
            && (verified || names_itself || differ)
        {
            pairs.push(("server_name".to_owned(), Value::text(&target.host)));
        }
        let file = |one: &Directive| Value::text(self.in_directory(one.first()));
        if verified {
            pairs.extend(one("trusted_certificate").map(|one| ("ca".to_owned(), file(one))));
        } else {
            one("trusted_certificate");
            pairs.push(("verify".to_owned(), Value::Switch(false)));
        }
        pairs.extend(one("certificate").map(|one| ("cert".to_owned(), file(one))));
        pairs.extend(one("certificate_key").map(|one| ("key".to_owned(), file(one))));
        pairs
    }
}
