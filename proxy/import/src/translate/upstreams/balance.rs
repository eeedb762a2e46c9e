//! How servers of a group are chosen, and how connections to them are kept.

use super::super::Import;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;
use crate::text::Variables;

impl<'d> Import<'d> {
    pub(super) fn balance(&self, inside: &Level<'d>, variables: &Variables, table: &mut Table) {
        for (name, method) in [("least_conn", "least_conn"), ("ip_hash", "ip_hash")] {
            if inside.own_one(name).is_some() {
                table.set("balance", Value::text(method));
            }
        }
        if let Some(random) = inside.own_one("random") {
            table.set("balance", Value::text("random_two"));
            if random.first() != "two" {
                let message = "of two servers that are drawn the one with fewer requests is taken";
                self.notes.differs(random, message, "");
            }
        }
        if let Some(least) = inside.own_one("least_time") {
            table.set("balance", Value::text("peak_ewma"));
            let message = "of two servers that are drawn the one that answers sooner is taken";
            self.notes.differs(least, message, "");
        }
        if let Some(hash) = inside.own_one("hash") {
            let mut pairs = vec![(
                "hash".to_owned(),
                Value::text(variables.text(hash.first(), hash, self.notes)),
            )];
            if hash.has("consistent") {
                pairs.push(("consistent".to_owned(), Value::Switch(true)));
            }
            table.set("balance", Value::Inline(pairs));
        }
        if let Some(sticky) = inside.own_one("sticky") {
            table.set_some("sticky", self.sticky(sticky));
        }
        if let Some(queue) = inside.own_one("queue")
            && let Ok(size) = queue.first().parse()
        {
            let timeout = queue.parameter("timeout").and_then(quantity::period);
            let timeout = timeout.unwrap_or_else(|| "60s".to_owned());
            table.set(
                "queue",
                Value::inline([
                    ("size", Value::Number(size)),
                    ("timeout", Value::text(timeout)),
                ]),
            );
        }
    }

    pub(super) fn sticky(&self, sticky: &Directive) -> Option<Value> {
        if sticky.first() != "cookie" {
            let help = "sticky = { cookie = \"NAME\" }";
            self.notes.lost(
                sticky,
                "clients stay with a server by a cookie of the edge's",
                help,
            );
            return None;
        }
        let mut pairs = vec![("cookie".to_owned(), Value::text(sticky.word(1)?))];
        for (name, key) in [
            ("path", "path"),
            ("domain", "domain"),
            ("samesite", "same_site"),
        ] {
            let value = sticky.parameter(name).map(str::to_lowercase);
            pairs.extend(value.map(|value| (key.to_owned(), Value::text(value))));
        }
        let age = sticky.parameter("expires").and_then(quantity::period);
        pairs.extend(age.map(|age| ("max_age".to_owned(), Value::text(age))));
        if sticky.has("secure") {
            pairs.push(("secure".to_owned(), Value::Switch(true)));
        }
        if !sticky.has("httponly") {
            pairs.push(("http_only".to_owned(), Value::Switch(false)));
        }
        Some(Value::Inline(pairs))
    }

    pub(super) fn kept(&self, inside: &Level<'d>, table: &mut Table) {
        for (name, key) in [
            ("keepalive", "keepalive"),
            ("keepalive_requests", "keepalive_requests"),
        ] {
            if let Some(Ok(number)) = inside.own_one(name).map(|one| one.first().parse()) {
                table.set(key, Value::Number(number));
            }
        }
        if let Some(timeout) = inside.own_one("keepalive_timeout") {
            table.set_some("keepalive_timeout", self.period(timeout));
        }
        if let Some(time) = inside.own_one("keepalive_time") {
            self.notes.info(
                time,
                "connections to servers end by requests and by silence, not by age",
                "",
            );
        }
    }
}
