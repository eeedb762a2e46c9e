//! `allow` and `deny`, `auth_basic`, `auth_request`: who may ask.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Import;
use crate::document::Value;
use crate::level::Level;
use crate::syntax::Directive;
use crate::text::Variables;

/// Whether a text is an address, a network, or `unix:`.
pub(super) fn is_network(text: &str) -> bool {
    text == "unix:" || network(text).is_some()
}

fn network(text: &str) -> Option<IpNet> {
    let address = |text: &str| text.parse::<IpAddr>().ok().map(IpNet::from);
    // nginx passes over the bits behind the prefix.
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .ok()
        .or_else(|| address(text))
}

/// Who is let in by address: `None` where nobody says anything.
pub(super) struct Access {
    allow: Vec<String>,
    deny: Vec<String>,
}

impl Access {
    /// Whether nobody is let in.
    pub(super) fn is_closed(&self) -> bool {
        self.allow.is_empty() && self.deny == everybody()
    }

    pub(super) fn terms(self, terms: &mut Vec<(&'static str, Value)>) {
        if !self.allow.is_empty() {
            terms.push(("allow", Value::texts(self.allow)));
        }
        if !self.deny.is_empty() {
            terms.push(("deny", Value::texts(self.deny)));
        }
    }
}

fn everybody() -> Vec<String> {
    vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()]
}

impl<'d> Import<'d> {
    /// nginx takes the first rule that fits, the edge that of the smallest network: where these are not
    /// the same it is said.
    pub(super) fn access(&self, level: &Level<'d>) -> Option<Access> {
        let rules = self.rules(level);
        if rules.is_empty() {
            return None;
        }
        let mut access = Access {
            allow: Vec::new(),
            deny: Vec::new(),
        };
        let mut known: Vec<(IpNet, bool)> = Vec::new();
        let mut rest = true;
        for rule in rules {
            let allows = rule.name == "allow";
            let text = rule.first();
            if text == "all" {
                rest = allows;
                break;
            }
            let Some(network) = network(text) else {
                if text != "unix:" {
                    self.notes
                        .lost(rule, "this is no address and no network", "");
                    continue;
                }
                access.list(allows).push(text.to_owned());
                continue;
            };
            if known.iter().any(|(other, _)| *other == network) {
                continue;
            }
            let wider =
                |(other, said): &&(IpNet, bool)| other.contains(&network) && *said != allows;
            if let Some((other, _)) = known.iter().find(wider) {
                let message = format!(
                    "the rule for {other} stands before it, and holds in nginx; here that of the smaller network does"
                );
                self.notes
                    .lost(rule, &message, "leave it out: it has had no effect");
                continue;
            }
            known.push((network, allows));
            // As it is written, but for bits that mean nothing.
            let text = match text.parse::<IpNet>() {
                Ok(written) if written != network => network.to_string(),
                _ => text.to_owned(),
            };
            access.list(allows).push(text);
        }
        match rest {
            // Whoever is allowed is nobody special, unless a wider network is not.
            true if access.deny.is_empty() => access.allow.clear(),
            true if !access.allow.is_empty() => access.allow.extend(everybody()),
            false if access.allow.is_empty() => access.deny = everybody(),
            true | false => {}
        }
        Some(access)
    }

    /// Rules of both kinds in their order, of the innermost block that has any.
    fn rules(&self, level: &Level<'d>) -> Vec<&'d Directive> {
        let of_block = |block: &&'d [Directive]| {
            let rules = block
                .iter()
                .filter(|one| matches!(one.name.as_str(), "allow" | "deny"));
            rules.collect::<Vec<_>>()
        };
        let mut blocks = level.blocks().iter().rev().map(of_block);
        let rules = blocks.find(|rules| !rules.is_empty()).unwrap_or_default();
        for rule in &rules {
            self.notes.seen(rule);
        }
        rules
    }

    pub(super) fn basic_auth(&self, level: &Level<'d>, variables: &Variables) -> Option<Value> {
        let realm = level.one("auth_basic")?;
        let users = level.one("auth_basic_user_file");
        if realm.first() == "off" {
            return None;
        }
        let Some(users) = users else {
            self.notes
                .lost(realm, "there is no auth_basic_user_file", "");
            return None;
        };
        self.notes.info(
            users,
            "passwords in plain text or by old crypt(3) are not taken",
            "make those new: htpasswd -B",
        );
        let path = variables.text(&self.in_directory(users.first()), users, self.notes);
        Some(Value::inline([
            (
                "realm",
                Value::text(variables.text(realm.first(), realm, self.notes)),
            ),
            ("users_file", Value::text(path)),
        ]))
    }

    /// `auth_request` names a location, and the edge an upstream and a path: those of the location.
    pub(super) fn forward_auth(
        &self,
        level: &Level<'d>,
        server: &Level<'d>,
        variables: &Variables,
    ) -> Option<Value> {
        let request = level
            .one("auth_request")
            .filter(|one| one.first() != "off")?;
        let path = request.first();
        let asked = locations(server).find(|one| answers_to(one, path));
        let Some(asked) =
            asked.filter(|one| one.inside().iter().any(|one| one.name == "proxy_pass"))
        else {
            let help = "forward_auth = { to = \"UPSTREAM\", uri = \"/verify\" }";
            self.notes.lost(
                request,
                "no location passes the question on to a server",
                help,
            );
            return None;
        };
        let inner = server.inside(asked.inside());
        let pass = inner.own_one("proxy_pass")?;
        let target = self.target(pass, variables)?;
        let to = self.upstream(&target, &inner, variables)?;
        let uri = if target.uri.is_empty() {
            path.to_owned()
        } else {
            variables.text(&target.uri, pass, self.notes)
        };
        let mut pairs = vec![
            ("to".to_owned(), Value::text(to)),
            ("uri".to_owned(), Value::text(uri)),
        ];
        let copy = self.copied(level);
        if !copy.is_empty() {
            pairs.push(("copy".to_owned(), Value::texts(copy)));
        }
        if let Some(timeout) = inner
            .one("proxy_read_timeout")
            .and_then(|one| self.timeout(one))
        {
            pairs.push(("timeout".to_owned(), timeout));
        }
        self.told_to_service(&inner);
        Some(Value::Inline(pairs))
    }

    /// Headers that the service gets besides those of the request.
    fn told_to_service(&self, inner: &Level<'d>) {
        for header in inner.own("proxy_set_header") {
            let value = header.word(1).unwrap_or_default();
            let is_known = matches!(
                header.first().to_ascii_lowercase().as_str(),
                "host"
                    | "content-length"
                    | "x-original-uri"
                    | "x-original-method"
                    | "x-real-ip"
                    | "x-forwarded-for"
                    | "x-forwarded-proto"
                    | "connection"
                    | "cookie"
                    | "authorization"
            );
            if !is_known && !value.is_empty() {
                let message = "the service gets the headers of the request, X-Original-URI and X-Original-Method";
                self.notes.lost(header, message, "have it look at those");
            }
        }
        inner.own("proxy_pass_request_body");
        inner.own("internal");
    }

    /// `auth_request_set $user $upstream_http_x_user` with `proxy_set_header X-User $user`.
    fn copied(&self, level: &Level<'d>) -> Vec<String> {
        let mut copy = Vec::new();
        let headers = level.all("proxy_set_header");
        for set in level.all("auth_request_set") {
            let name = set.first();
            let from = set
                .word(1)
                .and_then(|value| value.strip_prefix("$upstream_http_"));
            let from = from.map(|from| from.replace('_', "-"));
            let header = headers.iter().find(|header| header.word(1) == Some(name));
            match (from, header) {
                (Some(from), Some(header)) if header.first().eq_ignore_ascii_case(&from) => {
                    copy.push(header.first().to_owned());
                }
                _ => {
                    let help =
                        "`copy` passes a header of the service's answer on under its own name";
                    self.notes
                        .lost(set, "what the service says is not in a variable", help);
                }
            }
        }
        copy
    }
}

impl Access {
    fn list(&mut self, allows: bool) -> &mut Vec<String> {
        if allows {
            &mut self.allow
        } else {
            &mut self.deny
        }
    }
}

fn locations<'d>(level: &Level<'d>) -> impl Iterator<Item = &'d Directive> + use<'d> {
    level.here().iter().filter(|one| one.name == "location")
}

/// Whether requests for a path come to a location, as far as its own words say.
pub(super) fn answers_to(location: &Directive, path: &str) -> bool {
    match (location.word(0), location.word(1)) {
        (Some("=" | "^~"), Some(own)) => own == path,
        (Some(own), None) => own == path || own.strip_prefix('=') == Some(path),
        _ => false,
    }
}
