//! `location`: routes.

mod guards;
mod pattern;

use super::Import;
use super::answers::{Answer, refused};
use super::headers::Rules;
use super::proxy::Passed;
use super::servers::Server;
use super::terms::Terms;
use crate::catalogue;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::syntax::Directive;
use crate::text::Variables;

use self::guards::Guards;
pub(super) use self::pattern::Pattern;

/// A location while it is being rewritten.
pub(super) struct Place<'p, 'd> {
    pub(super) server: &'p Server<'d>,
    pub(super) directive: &'d Directive,
    pub(super) level: Level<'d>,
    pub(super) variables: Variables,
    pub(super) pattern: Pattern,
    /// Whether the innermost block is that of an `if`, so that the location's own is the one around it.
    pub(super) conditional: bool,
    /// Where requests go on for which there is no file.
    pub(super) fallback: Option<String>,
}

impl<'d> Place<'_, 'd> {
    /// A directive that is not inherited.
    pub(super) fn own_one(&self, name: &str) -> Option<&'d Directive> {
        let own = self.level.own_one(name);
        if own.is_some() || !self.conditional {
            return own;
        }
        let blocks = self.level.blocks();
        let around = blocks
            .len()
            .checked_sub(2)
            .and_then(|index| blocks.get(index));
        around.and_then(|block| block.iter().find(|one| one.name == name))
    }
}

/// What a location stands in.
pub(super) struct Around<'p, 'd> {
    pub(super) server: &'p Server<'d>,
    pub(super) level: Level<'d>,
    pub(super) variables: Variables,
    pub(super) terms: Terms,
    pub(super) request: Rules,
    pub(super) response: Rules,
}

/// What answers that the edge cannot have asked for.
const OTHERS: [(&str, &str, &str); 8] = [
    (
        "fastcgi_pass",
        "FastCGI",
        "keep nginx for it behind the edge, or have the application speak HTTP",
    ),
    (
        "uwsgi_pass",
        "the uwsgi protocol",
        "have uWSGI speak HTTP: http-socket = :8000",
    ),
    ("scgi_pass", "SCGI", "have the application speak HTTP"),
    ("memcached_pass", "memcached's protocol", ""),
    ("content_by_lua_block", "Lua", ""),
    ("content_by_lua_file", "Lua", ""),
    ("js_content", "njs", ""),
    ("perl", "Perl", ""),
];

impl<'d> Import<'d> {
    /// The routes of a location: itself, and those beside it for its conditions.
    pub(super) fn location(&self, directive: &'d Directive, around: &Around<'_, 'd>) -> Vec<Table> {
        let mark = self.notes.len();
        self.notes.seen(directive);
        let Some(pattern) = self.pattern(directive) else {
            return Vec::new();
        };
        if self.is_only_asked(directive, around) {
            return Vec::new();
        }
        let mut variables = self.sets(&around.variables, directive.inside());
        if let Pattern::Regex(regex) = &pattern {
            variables = variables.with_groups(regex);
        }
        let mut place = Place {
            server: around.server,
            directive,
            level: around.level.inside(directive.inside()),
            variables,
            pattern,
            conditional: false,
            fallback: None,
        };
        let Guards { before, own, after } = self.guards(&mut place);
        let before: Vec<Table> = before
            .into_iter()
            .map(|(when, condition)| self.guarded(&place, condition, Some(when), around))
            .collect();
        let mut main = self.main(&place, own, around, directive);
        let after = after.map(|condition| self.guarded(&place, condition, None, around));
        self.check_compression(&place.level, &around.level);
        catalogue::sweep(directive.inside(), self.notes);
        main.comments.extend(self.notes.lost_since(mark));
        before.into_iter().chain([main]).chain(after).collect()
    }

    fn main(
        &self,
        place: &Place<'_, 'd>,
        when: Option<Value>,
        around: &Around<'_, 'd>,
        directive: &'d Directive,
    ) -> Table {
        let (mut main, inner) = self.route(place, when, around);
        let nested = directive
            .inside()
            .iter()
            .filter(|one| one.name == "location");
        let nested: Vec<Table> = nested.flat_map(|one| self.location(one, &inner)).collect();
        main.tables("route", nested);
        main
    }

    fn guarded(
        &self,
        place: &Place<'_, 'd>,
        condition: &'d Directive,
        when: Option<Value>,
        around: &Around<'_, 'd>,
    ) -> Table {
        let guarded = Place {
            server: place.server,
            directive: condition,
            level: place.level.inside(condition.inside()),
            variables: place.variables.clone(),
            pattern: place.pattern.clone(),
            conditional: true,
            fallback: None,
        };
        let (table, _) = self.route(&guarded, when, around);
        catalogue::sweep(condition.inside(), self.notes);
        table
    }

    /// A route, and what holds inside of it.
    pub(super) fn route<'p>(
        &self,
        place: &Place<'p, 'd>,
        when: Option<Value>,
        around: &Around<'_, 'd>,
    ) -> (Table, Around<'p, 'd>) {
        let mut table = Table::default();
        table.comment(self.line(&place.directive.at));
        table.set("path", place.pattern.value());
        table.set_some("when", when);
        if place.own_one("internal").is_some() {
            table.set("internal", Value::Switch(true));
        }
        let mut terms = self.terms(&place.level, &place.server.level, &place.variables);
        let returns = place.own_one("return").is_some();
        if returns {
            // It comes before all of these in nginx, and after them here.
            let before = ["limits", "allow", "deny", "basic_auth", "forward_auth"];
            terms.retain(|(key, _)| !before.contains(key));
        }
        let closed = self.is_closed(place, &terms);
        if closed {
            terms.retain(|(key, _)| !matches!(*key, "allow" | "deny"));
            terms.extend(
                around
                    .terms
                    .iter()
                    .filter(|(key, _)| matches!(*key, "allow" | "deny"))
                    .cloned(),
            );
        }
        Self::write_terms(&terms, &around.terms, &mut table);
        self.check_pages(place, &terms, &around.terms);
        let (answer, passed) = if closed {
            (refused(403), None)
        } else {
            self.answer(place)
        };
        let mut request = around.request.clone();
        if let Some(passed) = &passed {
            request = self.request_rules(place, passed.grpc, passed.host.as_deref());
            table.set_some("request_headers", request.on_top_of(&around.request));
        }
        let response = self.response_rules(place);
        table.set_some("response_headers", response.on_top_of(&around.response));
        let rules = place.level.own("rewrite");
        table.set_some("rewrite", self.rewrites(&rules, &place.variables));
        let (key, value) = answer;
        table.set(key, value);
        let inner = Around {
            server: place.server,
            level: place.level.clone(),
            variables: place.variables.clone(),
            terms,
            request,
            response,
        };
        (table, inner)
    }

    /// Pages of a location come on top of those around it, which in nginx hold no more.
    fn check_pages(&self, place: &Place<'_, 'd>, own: &Terms, outer: &Terms) {
        let pages = |terms| match super::terms::find(terms, "error_page") {
            Some(Value::Inline(pairs)) => pairs.iter().map(|(codes, _)| codes.clone()).collect(),
            _ => Vec::new(),
        };
        let own: Vec<String> = pages(own);
        let outer: Vec<String> = pages(outer);
        if let Some(directive) = place.level.own_one("error_page")
            && outer.iter().any(|codes| !own.contains(codes))
        {
            let message = "the pages around it hold as well, for statuses that it does not name";
            self.notes.differs(directive, message, "");
        }
    }

    /// Whether nobody is let in here, by the location's own word.
    fn is_closed(&self, place: &Place<'_, 'd>, terms: &Terms) -> bool {
        place.level.has_own(&["deny"])
            && self
                .access(&place.level)
                .is_some_and(|access| access.is_closed())
            && super::terms::find(terms, "satisfy").is_none()
            && place.own_one("return").is_none()
    }

    fn answer(&self, place: &Place<'_, 'd>) -> (Answer, Option<Passed>) {
        if let Some(directive) = place.own_one("return") {
            return (self.returned(directive, place), None);
        }
        let pass = place
            .own_one("proxy_pass")
            .or_else(|| place.own_one("grpc_pass"));
        if let Some(pass) = pass {
            if let Some(tries) = place.own_one("try_files") {
                let help =
                    "files in this route, and proxy in a \"@name\" that is the last of `try`";
                self.notes.lost(
                    tries,
                    "a route passes requests on or answers with files",
                    help,
                );
            }
            return match self.passed(pass, place) {
                Some(passed) => (("proxy", passed.proxy.clone()), Some(passed)),
                None => (refused(501), None),
            };
        }
        for (name, what, help) in OTHERS {
            if let Some(directive) = place.own_one(name) {
                let message = format!(
                    "the edge does not speak {what}; the route answers 501, so that no source is sent as a file"
                );
                self.notes.lost(directive, &message, help);
                return (refused(501), None);
            }
        }
        if place.own_one("stub_status").is_some() {
            return (("status_page", Value::Switch(true)), None);
        }
        (self.files(place), None)
    }

    /// With what `set` says in a block.
    pub(super) fn sets(&self, variables: &Variables, block: &'d [Directive]) -> Variables {
        let mut inner = variables.clone();
        for set in block.iter().filter(|one| one.name == "set") {
            self.notes.seen(set);
            let name = set.first().trim_start_matches('$');
            let value = inner.expanded(set.word(1).unwrap_or_default(), 8);
            inner.sets.insert(name.to_owned(), value);
        }
        if let Some(root) = block.iter().find(|one| one.name == "root") {
            inner.root = Some(self.in_prefix(root.first()));
        }
        inner
    }

    /// Whether a location is only there for `auth_request`.
    fn is_only_asked(&self, directive: &'d Directive, around: &Around<'_, 'd>) -> bool {
        let is_internal = directive.inside().iter().any(|one| one.name == "internal");
        let passes = directive
            .inside()
            .iter()
            .any(|one| one.name == "proxy_pass");
        let asks = |block: &[Directive]| asks_for(block, directive);
        let found = is_internal && passes && around.level.blocks().iter().any(|block| asks(block));
        if found {
            for inner in directive.inside() {
                self.notes.seen(inner);
            }
        }
        found
    }
}

fn asks_for(block: &[Directive], location: &Directive) -> bool {
    block.iter().any(|one| match one.name.as_str() {
        "auth_request" => super::access::answers_to(location, one.first()),
        "location" | "if" => asks_for(one.inside(), location),
        _ => false,
    })
}
