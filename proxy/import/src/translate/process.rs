//! The process: `[server]` and `[resolver]`.

use std::net::IpAddr;

use super::Import;
use crate::document::{Table, Value};
use crate::quantity;
use crate::syntax::Directive;
use crate::text;

impl Import<'_> {
    pub(super) fn process(&self) -> Table {
        let mut server = Table::default();
        if let Some(threads) = self.main.own_one("worker_processes")
            && let Ok(number) = threads.first().parse()
        {
            server.set("threads", Value::Number(number));
        }
        if let Some(timeout) = self.main.own_one("worker_shutdown_timeout") {
            server.set_some("graceful_timeout", self.period(timeout));
        }
        if let Some(pid) = self.main.own_one("pid") {
            server.set("pid_file", Value::text(self.in_prefix(pid.first())));
        }
        server.set_some("error_log", self.error_log());
        server
    }

    /// One log for all: that of the process, or else the first that there is.
    fn error_log(&self) -> Option<Value> {
        let mut logs = self.main.own("error_log");
        logs.extend(
            self.http
                .own("error_log")
                .into_iter()
                .filter(|_| self.main.own_one("http").is_some()),
        );
        for server in self.http.own("server") {
            logs.extend(server.inside().iter().filter(|one| one.name == "error_log"));
        }
        let ours = logs.iter().find(|log| log.first() != "/dev/null").copied();
        for log in &logs {
            self.notes.seen(log);
            if ours.is_some_and(|ours| ours.words != log.words) {
                let message = "the edge has one log of its own, and writes to none besides";
                self.notes.info(log, message, "its lines name the site");
            }
        }
        let ours = ours?;
        let level = match ours.word(1).unwrap_or("error") {
            "debug" => "debug",
            "info" | "notice" => "info",
            "warn" => "warn",
            _ => "error",
        };
        let mut pairs = Vec::new();
        let path = ours.first();
        if path.starts_with("syslog:") || path.starts_with("memory:") {
            self.notes.lost(
                ours,
                "messages go to a file or to standard error",
                "systemd takes both in",
            );
        } else if !matches!(path, "stderr" | "/dev/stderr" | "/dev/stdout") {
            let path = text::literal(&self.in_prefix(path), ours, self.notes);
            pairs.push(("path".to_owned(), Value::text(path)));
        }
        pairs.push(("level".to_owned(), Value::text(level)));
        Some(Value::Inline(pairs))
    }

    pub(super) fn resolver(&self) -> Table {
        let mut table = Table::default();
        let in_servers = self.http.own("server");
        let in_servers = in_servers.iter().flat_map(|server| server.inside());
        let in_servers = in_servers.filter(|one| one.name == "resolver");
        let all: Vec<&Directive> = self
            .http
            .own("resolver")
            .into_iter()
            .chain(in_servers)
            .collect();
        let Some(first) = all.first() else {
            return table;
        };
        for other in &all {
            self.notes.seen(other);
            if other.words != first.words {
                self.notes.differs(
                    other,
                    "there are name servers for the process, the first that are named",
                    "",
                );
            }
        }
        let mut servers = Vec::new();
        for word in first.words.iter().filter(|word| !word.contains('=')) {
            if let Some(server) = name_server(word) {
                servers.push(server);
            } else {
                let message = "name servers are named by address";
                self.notes.differs(first, message, "write theirs");
            }
        }
        if !servers.is_empty() {
            table.set("servers", Value::texts(servers));
        }
        if let Some(valid) = first.parameter("valid").and_then(quantity::period) {
            table.set("min_ttl", Value::text(&valid));
            table.set("max_ttl", Value::text(valid));
        }
        if first.parameter("ipv6") == Some("off") {
            table.set("ipv6", Value::Switch(false));
        }
        table
    }

    /// The duration that a directive says.
    pub(super) fn period(&self, directive: &Directive) -> Option<Value> {
        let period = quantity::period(directive.first());
        if period.is_none() {
            self.notes.lost(directive, "this is no duration", "");
        }
        period.map(Value::text)
    }

    /// The same, but for one of no time, which would always have passed.
    pub(super) fn timeout(&self, directive: &Directive) -> Option<Value> {
        if quantity::duration(directive.first()).is_some_and(|time| time.is_zero()) {
            self.notes.differs(
                directive,
                "a timeout of 0 would always have passed; it is as by default",
                "",
            );
            return None;
        }
        self.period(directive)
    }

    /// The size that a directive says.
    pub(super) fn size(&self, directive: &Directive) -> Option<Value> {
        let text = directive.first();
        if quantity::bytes(text).is_none() {
            self.notes.lost(directive, "this is no size", "");
            return None;
        }
        Some(Value::text(text))
    }
}

fn name_server(word: &str) -> Option<String> {
    let address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    if let Some(address) = address(word) {
        return Some(std::net::SocketAddr::new(address, 53).to_string());
    }
    word.parse::<std::net::SocketAddr>()
        .ok()
        .map(|address| address.to_string())
}
