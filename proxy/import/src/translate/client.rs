//! `[client]`: patience and limits with clients, which the edge has once for all sites.

use super::Import;
use super::servers::Server;
use crate::document::{Table, Value};
use crate::quantity;
use crate::syntax::Directive;

impl<'d> Import<'d> {
    pub(super) fn client(&self, servers: &[Server<'d>]) -> Table {
        let mut table = Table::default();
        for (name, key) in [
            ("client_header_timeout", "header_timeout"),
            ("client_body_timeout", "body_timeout"),
            ("send_timeout", "send_timeout"),
            ("keepalive_timeout", "keepalive_timeout"),
            ("keepalive_time", "keepalive_time"),
            ("lingering_time", "lingering_time"),
            ("lingering_timeout", "lingering_timeout"),
        ] {
            if let Some(directive) = self.for_all(servers, name) {
                let may_be_zero = matches!(name, "keepalive_timeout" | "lingering_time");
                let period = if may_be_zero {
                    self.period(directive)
                } else {
                    self.timeout(directive)
                };
                table.set_some(key, period);
            }
        }
        if let Some(requests) = self.for_all(servers, "keepalive_requests")
            && let Ok(number) = requests.first().parse::<u64>()
        {
            table.set("keepalive_requests", Value::Number(number));
        }
        self.head(servers, &mut table);
        self.connections(servers, &mut table);
        self.trusted(servers, &mut table);
        table
    }

    /// What is said for all servers, or by the first that says something.
    fn for_all(&self, servers: &[Server<'d>], name: &str) -> Option<&'d Directive> {
        let mut found = self.http.own_one(name);
        for server in servers {
            for other in server.level.own(name) {
                let first = *found.get_or_insert(other);
                if first.words != other.words {
                    let message = format!("it holds for all sites, and `{first}` is taken");
                    self.notes.differs(other, &message, "");
                }
            }
        }
        found
    }

    fn head(&self, servers: &[Server<'d>], table: &mut Table) {
        let Some(buffers) = self.for_all(servers, "large_client_header_buffers") else {
            return;
        };
        let number: Option<u64> = buffers.first().parse().ok();
        let size = buffers.word(1).and_then(quantity::bytes);
        let (Some(number), Some(size)) = (number, size) else {
            self.notes.lost(buffers, "this is no number and size", "");
            return;
        };
        // A head is in one buffer, of which the edge has none larger.
        let whole = number.saturating_mul(size).clamp(size, 1 << 20);
        let text = |bytes: u64| Value::text(settings::Size(bytes).to_string());
        table.set("max_uri", text(size));
        table.set("max_header_line", text(size));
        table.set("max_header", text(whole));
    }

    /// `limit_conn` by address counts requests under way; the edge counts connections.
    fn connections(&self, servers: &[Server<'d>], table: &mut Table) {
        let mut zones = self.http.own("limit_conn_zone").into_iter();
        let by_address =
            zones.find(|zone| matches!(zone.first(), "$binary_remote_addr" | "$remote_addr"));
        let Some(zone) = by_address.and_then(super::zone_name) else {
            return;
        };
        let alone = match servers {
            [server] => server.level.all("limit_conn"),
            _ => self.http.own("limit_conn"),
        };
        for limit in alone.into_iter().filter(|limit| limit.first() == zone) {
            let Some(Ok(number)) = limit.word(1).map(str::parse) else {
                continue;
            };
            if table.get("max_connections_per_address").is_some() {
                continue;
            }
            table.set("max_connections_per_address", Value::Number(number));
            let message = "connections of an address are counted, not its requests under way; those beyond are \
                           closed at once";
            self.notes.differs(limit, message, "");
        }
    }

    /// Proxies in front, of all servers.
    fn trusted(&self, servers: &[Server<'d>], table: &mut Table) {
        let mut trusted: Vec<String> = Vec::new();
        let mut header = None;
        let mut recursive = None;
        for server in servers {
            let from = server.level.all("set_real_ip_from");
            if from.is_empty() {
                continue;
            }
            header = header.or(server.level.one("real_ip_header"));
            recursive = recursive.or(server.level.one("real_ip_recursive"));
            for directive in from {
                let network = directive.first().to_owned();
                if !super::access::is_network(&network) {
                    let help = "write the addresses";
                    self.notes
                        .lost(directive, "proxies are named by address", help);
                } else if !trusted.contains(&network) {
                    trusted.push(network);
                }
            }
        }
        if trusted.is_empty() {
            return;
        }
        let by = header.map_or("X-Real-IP", |directive| directive.first());
        if by == "proxy_protocol" {
            // Its listener knows them; nobody else is believed for a header.
            return;
        }
        table.set("trusted", Value::texts(trusted));
        if !by.eq_ignore_ascii_case("X-Forwarded-For") {
            table.set("real_ip_header", Value::text(by));
        }
        if !recursive.is_some_and(Directive::is_on) {
            table.set_because(
                "real_ip_recursive",
                Value::Switch(false),
                "as before; true is the default",
            );
        }
        if let Some(header) = header {
            let message = "who these proxies are holds for all sites; their X-Forwarded-Proto is believed, too";
            self.notes.info(header, message, "");
        }
    }
}
