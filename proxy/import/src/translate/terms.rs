//! What holds for the requests of a place, and what of it is to be written where something holds already.

use super::Import;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;
use crate::text::Variables;

/// What holds, by the edge's keys.
pub(super) type Terms = Vec<(&'static str, Value)>;

/// Every key with what it says where it is to say nothing.
fn keys() -> [(&'static str, Option<Value>); 9] {
    let no = Some(Value::Switch(false));
    [
        ("access_log", no.clone()),
        ("max_body", Some(Value::text("1m"))),
        ("limits", Some(Value::List(Vec::new()))),
        ("basic_auth", no.clone()),
        ("forward_auth", no.clone()),
        ("satisfy", Some(Value::text("all"))),
        ("error_page", None),
        ("intercept_errors", no),
        ("expires", Some(Value::text("off"))),
    ]
}

impl<'d> Import<'d> {
    pub(super) fn terms(
        &self,
        level: &Level<'d>,
        server: &Level<'d>,
        variables: &Variables,
    ) -> Terms {
        let mut terms = Terms::new();
        let mut add = |key, value: Option<Value>| terms.extend(value.map(|value| (key, value)));
        add("access_log", self.access_log(level, variables));
        add(
            "max_body",
            level
                .one("client_max_body_size")
                .and_then(|one| self.size(one)),
        );
        add("limits", self.limits(level));
        add("basic_auth", self.basic_auth(level, variables));
        add("forward_auth", self.forward_auth(level, server, variables));
        let any = level.one("satisfy").filter(|one| one.first() == "any");
        add("satisfy", any.map(|_| Value::text("any")));
        add("error_page", self.error_pages(level, variables));
        let intercepts = level
            .one("proxy_intercept_errors")
            .is_some_and(Directive::is_on);
        add(
            "intercept_errors",
            intercepts.then_some(Value::Switch(true)),
        );
        add(
            "expires",
            level
                .one("expires")
                .and_then(|one| self.expires(one, variables)),
        );
        if let Some(access) = self.access(level) {
            access.terms(&mut terms);
        }
        terms
    }

    fn expires(&self, directive: &Directive, variables: &Variables) -> Option<Value> {
        match directive.first() {
            "off" => None,
            text @ ("epoch" | "max") => Some(Value::text(text)),
            text if text.starts_with('-') => Some(Value::text("epoch")),
            text if text.starts_with('$') => {
                Some(Value::text(variables.text(text, directive, self.notes)))
            }
            text => {
                let period = quantity::period(text.trim_start_matches('+'));
                if period.is_none() {
                    let help = "\"30d\", \"max\" or \"epoch\"";
                    self.notes
                        .lost(directive, "it is not a time from the request on", help);
                }
                period.map(Value::text)
            }
        }
    }

    /// Writes what is not the same around a place.
    pub(super) fn write_terms(own: &Terms, outer: &Terms, table: &mut Table) {
        for (key, nothing) in keys() {
            let (ours, theirs) = (find(own, key), find(outer, key));
            if ours == theirs {
                continue;
            }
            match (ours, nothing) {
                (Some(value), nothing) => {
                    if nothing.as_ref() != Some(value) || theirs.is_some() {
                        table.set(key, value.clone());
                    }
                }
                (None, Some(nothing)) => table.set(key, nothing),
                // Pages come on top of those around, and none can be taken away.
                (None, None) => {}
            }
        }
        let access = |terms| (find(terms, "allow").cloned(), find(terms, "deny").cloned());
        let (ours, theirs) = (access(own), access(outer));
        if ours != theirs {
            let nobody = ours == (None, None);
            table.set_some(
                "allow",
                ours.0.or_else(|| nobody.then(|| Value::List(Vec::new()))),
            );
            table.set_some("deny", ours.1);
        }
    }
}

pub(super) fn find<'t>(terms: &'t Terms, key: &str) -> Option<&'t Value> {
    terms
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}
