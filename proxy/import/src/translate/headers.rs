//! `proxy_set_header`, `add_header`, `proxy_hide_header`: header lines.

use super::Import;
use super::routes::Place;
use crate::document::Value;
use crate::level::Level;
use crate::syntax::Directive;

/// Header lines to set, add and remove.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rules {
    set: Vec<(String, String)>,
    add: Vec<(String, String)>,
    remove: Vec<String>,
}

impl Rules {
    /// What is to be written for them where `outer` hold already, if anything.
    pub(super) fn on_top_of(&self, outer: &Self) -> Option<Value> {
        if self == outer {
            return None;
        }
        let holds = self.holds_all_of(outer);
        let is_new = |name: &String| self.says_more_of(name, outer);
        let own = |all: &[(String, String)]| {
            let own = all.iter().filter(|(name, _)| !holds || is_new(name));
            own.map(|(name, value)| (name.clone(), Value::text(value)))
                .collect::<Vec<_>>()
        };
        let remove = self.remove.iter().filter(|name| !holds || is_new(name));
        let remove: Vec<String> = remove.cloned().collect();
        let mut pairs = Vec::new();
        if !holds {
            pairs.push(("inherit".to_owned(), Value::Switch(false)));
        }
        for (key, lines) in [("set", own(&self.set)), ("add", own(&self.add))] {
            if !lines.is_empty() {
                pairs.push((key.to_owned(), Value::Inline(lines)));
            }
        }
        if !remove.is_empty() {
            pairs.push(("remove".to_owned(), Value::texts(remove)));
        }
        Some(Value::Inline(pairs))
    }

    /// Whether anything is said of a name that is not said outside; all that is said of it is then to be
    /// said, since it comes in place of what is said outside.
    fn says_more_of(&self, name: &str, outer: &Self) -> bool {
        let is_new = |own: &[(String, String)], outer: &[(String, String)]| {
            let mut own = own
                .iter()
                .filter(|(other, _)| other.eq_ignore_ascii_case(name));
            own.any(|line| !outer.contains(line))
        };
        let mut removed = self
            .remove
            .iter()
            .filter(|other| other.eq_ignore_ascii_case(name));
        is_new(&self.set, &outer.set)
            || is_new(&self.add, &outer.add)
            || removed.any(|name| !outer.remove.contains(name))
    }

    /// Whether what holds outside holds here, too: what is said of a name here would come in its place.
    fn holds_all_of(&self, outer: &Self) -> bool {
        let holds = |own: &[(String, String)], outer: &[(String, String)]| {
            outer
                .iter()
                .all(|line| own.contains(line) || is_said(&line.0, own))
        };
        holds(&self.set, &outer.set)
            && holds(&self.add, &outer.add)
            && outer.remove.iter().all(|name| self.remove.contains(name))
    }

    fn put(list: &mut Vec<(String, String)>, name: &str, value: String) -> bool {
        let is_new = !list
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name));
        if is_new {
            list.push((name.to_owned(), value));
        }
        is_new
    }
}

fn is_said(name: &str, lines: &[(String, String)]) -> bool {
    lines
        .iter()
        .any(|(other, _)| other.eq_ignore_ascii_case(name))
}

/// Whether a value is what `auth_request` has found out, which the route passes on by itself.
fn is_of_service(value: &str, place: &Place<'_, '_>) -> bool {
    let sets = place.level.all("auth_request_set");
    sets.iter().any(|set| set.first() == value)
}

/// Whether servers are told the upstream's name as the Host: nginx's default.
pub(super) fn names_upstream(level: &Level<'_>, grpc: bool) -> bool {
    let headers = level.all(set_header(grpc));
    let mut hosts = headers
        .iter()
        .filter(|one| one.first().eq_ignore_ascii_case("host"));
    hosts
        .next()
        .is_none_or(|host| host.word(1) == Some("$proxy_host"))
}

fn set_header(grpc: bool) -> &'static str {
    if grpc {
        "grpc_set_header"
    } else {
        "proxy_set_header"
    }
}

impl<'d> Import<'d> {
    /// What requests of a place have that the edge does not say by itself; `host` is nginx's `$proxy_host`.
    pub(super) fn request_rules(
        &self,
        place: &Place<'_, 'd>,
        grpc: bool,
        host: Option<&str>,
    ) -> Rules {
        let mut rules = Rules::default();
        for directive in place.level.all(set_header(grpc)) {
            let (name, value) = (directive.first(), directive.word(1).unwrap_or_default());
            let expanded = place.variables.expanded(value, 8);
            if self.says_itself(name, &expanded, place, directive) || is_of_service(value, place) {
                continue;
            }
            let value = match expanded.as_str() {
                "$proxy_host" => host.unwrap_or("$proxy_host").to_owned(),
                _ => place.variables.text(value, directive, self.notes),
            };
            if value.is_empty() {
                rules.remove.push(name.to_owned());
            } else if !Rules::put(&mut rules.set, name, value) {
                self.notes.lost(directive, "a header is set once", "");
            }
        }
        if let Some(host) = host.filter(|_| names_upstream(&place.level, grpc)) {
            let host = crate::text::literal(host, place.directive, self.notes);
            if Rules::put(&mut rules.set, "Host", host.clone()) {
                let message =
                    format!("no Host is set, so servers see `{host}` as the Host: nginx's default");
                let help = "without `Host` in request_headers they see the client's";
                self.notes.info(place.directive, &message, help);
            }
        }
        rules
    }

    /// Whether the edge says the same without being told.
    fn says_itself(
        &self,
        name: &str,
        value: &str,
        place: &Place<'_, 'd>,
        directive: &Directive,
    ) -> bool {
        let name = name.to_ascii_lowercase();
        match (name.as_str(), value) {
            // Clients name the port if it is not the usual one, and `$host` leaves it out.
            ("host", "$host") => place.server.has_usual_ports(),
            ("host", "$http_host")
            | ("x-real-ip", "$remote_addr")
            | ("x-forwarded-for", "$proxy_add_x_forwarded_for")
            | ("x-forwarded-proto", "$scheme") => true,
            ("host", "") => {
                self.notes.lost(directive, "every request has a Host", "");
                true
            }
            ("connection" | "upgrade", value) => {
                let is_usual = value.is_empty()
                    || value.starts_with('$')
                    || matches!(
                        value.to_ascii_lowercase().as_str(),
                        "upgrade" | "keep-alive" | "websocket" | "close"
                    );
                if !is_usual {
                    self.notes
                        .lost(directive, "it is the edge's own on each connection", "");
                }
                true
            }
            (
                "te" | "trailer" | "keep-alive" | "proxy-connection" | "transfer-encoding"
                | "content-length",
                _,
            ) => {
                if !value.is_empty() && !value.starts_with('$') && name != "te" {
                    self.notes
                        .lost(directive, "it is the edge's own on each connection", "");
                }
                true
            }
            _ => false,
        }
    }

    /// What answers of a place have.
    pub(super) fn response_rules(&self, place: &Place<'_, 'd>) -> Rules {
        let mut rules = Rules::default();
        let mut sometimes = None;
        for directive in place.level.all("add_header") {
            let name = directive.first();
            let value =
                place
                    .variables
                    .text(directive.word(1).unwrap_or_default(), directive, self.notes);
            let lower = name.to_ascii_lowercase();
            if lower == "content-type" && place.own_one("return").is_some() {
                // The answer itself has it.
                continue;
            }
            if matches!(
                lower.as_str(),
                "server" | "date" | "connection" | "content-length" | "transfer-encoding"
            ) {
                self.notes.lost(directive, "it is the edge's own", "");
                continue;
            }
            if directive.word(2) != Some("always") {
                sometimes = Some(directive);
            }
            if value.is_empty() {
                if lower == "last-modified" {
                    rules.remove.push(name.to_owned());
                }
                continue;
            }
            // nginx replaces these.
            if lower == "last-modified" {
                Rules::put(&mut rules.set, name, value);
                continue;
            }
            let mut lines = rules.add.iter_mut();
            match lines.find(|(other, _)| other.eq_ignore_ascii_case(name)) {
                None => rules.add.push((name.to_owned(), value)),
                Some(_) if lower == "set-cookie" => {
                    self.notes.lost(
                        directive,
                        "a cookie is added once",
                        "have the application set it",
                    );
                }
                // Two lines are one list (RFC 9110 §5.2).
                Some((_, first)) => *first = format!("{first}, {value}"),
            }
        }
        if let Some(directive) = sometimes {
            let message = "without `always` nginx adds headers to good answers and redirects only; the edge to all";
            self.notes.info(directive, message, "");
        }
        rules.remove.extend(hidden(place));
        rules
    }
}

/// Names of headers of servers that do not go on.
fn hidden(place: &Place<'_, '_>) -> Vec<String> {
    let directives = ["proxy_hide_header", "grpc_hide_header"].map(|of| place.level.all(of));
    let names = directives.iter().flatten().map(|one| one.first());
    let is_never_sent = |name: &str| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "server" | "date" | "x-pad") || name.starts_with("x-accel-")
    };
    names
        .filter(|name| !is_never_sent(name))
        .map(str::to_owned)
        .collect()
}
