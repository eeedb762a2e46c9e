//! `if` in a location.

use super::super::Import;
use super::super::conditions::Meaning;
use super::Place;
use crate::document::Value;
use crate::syntax::Directive;

/// What the conditions of a location come to.
#[derive(Default)]
pub(super) struct Guards<'d> {
    /// Routes before it, for requests that fit.
    pub(super) before: Vec<(Value, &'d Directive)>,
    /// What it asks of its own requests.
    pub(super) own: Option<Value>,
    /// A route behind it, for the rest.
    pub(super) after: Option<&'d Directive>,
}

impl<'d> Import<'d> {
    /// What the conditions of a location come to.
    pub(super) fn guards(&self, place: &mut Place<'_, 'd>) -> Guards<'d> {
        let mut guards = Guards::default();
        for condition in place.level.own("if") {
            match self.meaning(condition, &place.variables) {
                Meaning::When {
                    when,
                    negated: false,
                } => guards.before.push((when, condition)),
                Meaning::When {
                    when,
                    negated: true,
                } if guards.own.is_none() => {
                    guards.own = Some(when);
                    guards.after = Some(condition);
                }
                Meaning::NoFile if place.fallback.is_none() => {
                    place.fallback = self.fallback(condition);
                }
                Meaning::When { .. } | Meaning::PlainHttp | Meaning::NoFile | Meaning::Other => {
                    self.lose(condition);
                }
            }
        }
        guards
    }

    /// A condition that has no other words.
    pub(in crate::translate) fn lose(&self, condition: &'d Directive) {
        let help = "a route with `when` asks for methods, headers, cookies and arguments; or leave it to the application";
        self.notes.lost(
            condition,
            "this condition is not taken over, nor what it leads to",
            help,
        );
        for inner in condition.inside() {
            self.notes.seen(inner);
        }
    }

    /// `if (!-e $request_filename) { rewrite ^ /index.html last; }`
    fn fallback(&self, condition: &'d Directive) -> Option<String> {
        for inner in condition.inside() {
            self.notes.seen(inner);
            let to = inner
                .word(1)
                .filter(|to| inner.name == "rewrite" && to.starts_with('/'));
            if let Some(to) = to.filter(|to| !to.contains('$')) {
                return Some(to.to_owned());
            }
        }
        self.lose(condition);
        None
    }
}
