//! `upstream`, and servers that are named where they are asked.

mod balance;
mod checks;

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
        let host = if let Some(path) = target.host.strip_prefix("unix:") {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.trim_end_matches(".sock").to_owned()
        } else {
            let address = target.address();
            let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
            let is_here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
            let host = if is_here { "local" } else { host };
            match port {
                "80" | "443" => host.to_owned(),
                port => format!("{host}_{port}"),
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
                Value::Inline(self.server_tls(target, level, variables, None)),
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
        let names = servers.iter().any(has_name);
        let differ = differ(&servers);
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
                Value::Inline(self.server_tls(target, level, variables, Some(differ))),
            );
        }
        self.probes(&inside, &mut table);
        catalogue::sweep(group.inside(), self.notes);
        table.comments.extend(self.notes.lost_since(mark));
        table
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

/// Whether servers have different names, or none that a certificate could be for.
fn differ(servers: &[Pairs]) -> bool {
    let name = |server: &Pairs| match server.first() {
        Some((_, Value::Text(address))) if has_name(server) => {
            address.rsplit_once(':').map(|(host, _)| host.to_owned())
        }
        _ => None,
    };
    let is_socket = |server: &Pairs| matches!(server.first(), Some((_, Value::Text(address))) if address.starts_with("unix:"));
    let first = servers.first().and_then(name);
    servers.iter().any(is_socket) || servers.iter().any(|server| name(server) != first)
}

/// Whether a server is named, so that it may be several.
fn has_name(server: &Pairs) -> bool {
    let Some((_, Value::Text(address))) = server.first() else {
        return false;
    };
    !address.starts_with("unix:") && address.parse::<std::net::SocketAddr>().is_err()
}
