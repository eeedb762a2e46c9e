//! `upstream`, and servers that are named where they are asked.

use super::Import;
use super::target::Target;
use crate::catalogue;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;
use crate::text::{self, Variables};

/// The upstreams so far.
#[derive(Default)]
pub(super) struct Built(Vec<One>);

struct One {
    /// What nginx names: a group or an address.
    host: String,
    name: String,
    table: Table,
}

type Pairs = Vec<(String, Value)>;

impl Built {
    pub(super) fn print(&self) -> String {
        self.0.iter().map(|one| one.table.print()).collect()
    }
}

impl<'d> Import<'d> {
    /// The name of an upstream for requests from a place. Retries and TLS to servers are an upstream's,
    /// while nginx has them for each location; so where locations differ there are several.
    pub(super) fn upstream_of(
        &self,
        target: &Target,
        level: &Level<'d>,
        variables: &Variables,
    ) -> String {
        let table = match self.groups.get(target.host.as_str()) {
            Some(group) => self.group(group, target, level, variables),
            None => self.single(target, level, variables),
        };
        let mut built = self.upstreams.borrow_mut();
        let same_host = built.0.iter().filter(|one| one.host == target.host);
        let same_host: Vec<&One> = same_host.collect();
        if let Some(one) = same_host.iter().find(|one| one.table.is_like(&table)) {
            return one.name.clone();
        }
        let base = self.base_name(target);
        let is_taken = |name: &str| {
            let is_group = target.host != name && self.groups.contains_key(name);
            is_group || built.0.iter().any(|one| one.name == name)
        };
        let mut name = base.clone();
        let mut number = 1;
        while is_taken(&name) {
            number += 1;
            name = format!("{base}_{number}");
        }
        if !same_host.is_empty()
            && let Some(group) = self.groups.get(target.host.as_str())
        {
            let message = format!(
                "locations differ in TLS to its servers or in retries, so it is two upstreams, of which `{name}` is one; \
                 each has its own idea of who is well"
            );
            self.notes.differs(group, &message, "");
        }
        built.0.push(One {
            host: target.host.clone(),
            name: name.clone(),
            table,
        });
        name
    }

    /// A name for what is only an address.
    fn base_name(&self, target: &Target) -> String {
        if self.groups.contains_key(target.host.as_str()) {
            return target.host.clone();
        }
        let host = match target.host.strip_prefix("unix:") {
            Some(path) => path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .trim_end_matches(".sock")
                .to_owned(),
            None => {
                let address = target.address();
                let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
                let is_here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
                let host = if is_here { "local" } else { host };
                match port {
                    "80" | "443" => host.to_owned(),
                    port => format!("{host}_{port}"),
                }
            }
        };
        let word = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let name: String = host.chars().map(word).collect();
        name.trim_matches('_').to_owned()
    }

    fn single(&self, target: &Target, level: &Level<'d>, variables: &Variables) -> Table {
        let mut table = Table::default();
        if target.grpc {
            table.set("http", Value::text("2"));
        }
        let server = vec![("address".to_owned(), Value::text(target.address()))];
        table.set("server", Value::List(vec![Value::Inline(server)]));
        if target.tls {
            table.set(
                "tls",
                Value::Inline(self.server_tls(target, level, variables, false)),
            );
        }
        table
    }

    fn group(
        &self,
        group: &'d Directive,
        target: &Target,
        level: &Level<'d>,
        variables: &Variables,
    ) -> Table {
        let inside = Level::new(group.inside(), self.notes);
        let mut table = Table::default();
        table.comment(self.line(&group.at));
        let mark = self.notes.len();
        self.balance(&inside, variables, &mut table);
        let servers = self.group_servers(&inside, target);
        if servers.len() > 1 {
            table.set_because(
                "compat",
                Value::text("nginx"),
                "failures count as before; see docs/nginx.md",
            );
        }
        if target.grpc {
            table.set("http", Value::text("2"));
        }
        self.kept(&inside, &mut table);
        let names = servers.iter().any(|server| has_name(server));
        if servers.len() > 1 {
            let tables = servers.into_iter().map(|pairs| {
                let mut server = Table::default();
                for (key, value) in pairs {
                    server.set(&key, value);
                }
                server
            });
            let tables: Vec<Table> = tables.collect();
            let several = tables.len() > 1;
            table.tables("server", tables);
            self.retries(target, level, several, &mut table);
        } else {
            table.set(
                "server",
                Value::List(servers.into_iter().map(Value::Inline).collect()),
            );
            self.retries(target, level, names, &mut table);
        }
        if target.tls {
            table.set(
                "tls",
                Value::Inline(self.server_tls(target, level, variables, true)),
            );
        }
        self.probes(&inside, &mut table);
        catalogue::sweep(group.inside(), self.notes);
        table.comments.extend(self.notes.lost_since(mark));
        table
    }

    fn balance(&self, inside: &Level<'d>, variables: &Variables, table: &mut Table) {
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

    fn sticky(&self, sticky: &Directive) -> Option<Value> {
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

    fn kept(&self, inside: &Level<'d>, table: &mut Table) {
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

    fn group_servers(&self, inside: &Level<'d>, target: &Target) -> Vec<Pairs> {
        let mut servers: Vec<Pairs> = Vec::new();
        for directive in inside.own("server") {
            let written = text::literal(directive.first(), directive, self.notes);
            let address = Target {
                host: written,
                ..target.clone()
            };
            // The port of a server of a group is 80, whatever the scheme.
            let address = Target {
                tls: false,
                ..address
            }
            .address();
            let address = Value::text(address);
            let is_same =
                |server: &Pairs| server.first().is_some_and(|(_, other)| *other == address);
            if servers.iter().any(is_same) {
                self.notes.differs(
                    directive,
                    "the address is there already; its weight counts once",
                    "raise its weight",
                );
                continue;
            }
            servers.push(self.group_server(directive, address));
        }
        servers
    }

    fn group_server(&self, directive: &Directive, address: Value) -> Pairs {
        let mut pairs = vec![("address".to_owned(), address)];
        for word in directive.words.iter().skip(1) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let key = name.to_owned();
            match name {
                "weight" | "max_fails" | "max_conns" => match value.parse() {
                    Ok(number) => pairs.push((key, Value::Number(number))),
                    Err(_) => self
                        .notes
                        .lost(directive, &format!("`{word}` is no number"), ""),
                },
                "fail_timeout" | "slow_start" => match quantity::period(value) {
                    Some(period) => pairs.push((key, Value::text(period))),
                    None => self
                        .notes
                        .lost(directive, &format!("`{word}` is no duration"), ""),
                },
                "backup" | "down" => pairs.push((key, Value::Switch(true))),
                // Names are always looked up again.
                "resolve" => {}
                _ => {
                    let message = format!("`{word}` is not taken over");
                    self.notes.lost(directive, &message, "");
                }
            }
        }
        pairs
    }

    fn retries(&self, target: &Target, level: &Level<'d>, several: bool, table: &mut Table) {
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

    /// The probes of nginx_upstream_check_module, which Tengine has.
    fn probes(&self, inside: &Level<'d>, table: &mut Table) {
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

    fn server_tls(
        &self,
        target: &Target,
        level: &Level<'d>,
        variables: &Variables,
        is_group: bool,
    ) -> Pairs {
        let of = if target.grpc { "grpc" } else { "proxy" };
        let one = |name: &str| level.one(&format!("{of}_ssl_{name}"));
        let mut pairs = Vec::new();
        let verified = one("verify").is_some_and(Directive::is_on);
        let names_itself = one("server_name").is_some_and(Directive::is_on);
        if let Some(name) = one("name") {
            match variables.constant(name.first()) {
                Some(text) => pairs.push(("server_name".to_owned(), Value::text(text))),
                None => {
                    let help = "server_name = \"...\" in [upstream.NAME.tls]";
                    self.notes.lost(
                        name,
                        "servers are asked for one name, whatever the request says",
                        help,
                    );
                }
            }
        } else if is_group && (verified || names_itself) {
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

    /// All upstreams, in the order in which they were first asked for.
    pub(super) fn upstream_tables(&self) -> Table {
        let built = self.upstreams.take().0;
        for (name, group) in &self.groups {
            if !built.iter().any(|one| one.host == *name) {
                self.notes.info(
                    group,
                    "nothing that is taken over passes requests to it",
                    "",
                );
            }
        }
        let mut tables = Table::default();
        for one in built {
            tables.set_table(&one.name, one.table);
        }
        tables
    }
}

/// Whether a server is named, so that it may be several.
fn has_name(server: &Pairs) -> bool {
    let Some((_, Value::Text(address))) = server.first() else {
        return false;
    };
    !address.starts_with("unix:") && address.parse::<std::net::SocketAddr>().is_err()
}
