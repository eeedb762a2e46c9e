//! `listen`: where clients connect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Import;
use super::servers::Server;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;
use crate::text;

/// An address of a server.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the directive"
)]
pub(super) struct Listen<'d> {
    /// As the edge writes it.
    pub(super) address: String,
    pub(super) directive: &'d Directive,
    pub(super) is_default: bool,
    pub(super) ssl: bool,
    http2: bool,
    proxy_protocol: bool,
}

impl<'d> Import<'d> {
    pub(super) fn listens(&self, server: &'d Directive, level: &Level<'d>) -> Vec<Listen<'d>> {
        let ssl = level.one("ssl").is_some_and(Directive::is_on);
        let http2 = level.one("http2").is_some_and(Directive::is_on);
        let mut listens = Vec::new();
        for directive in level.own("listen") {
            if directive.has("quic") {
                self.notes
                    .lost(directive, "there is no HTTP/3; clients use HTTP/2", "");
                continue;
            }
            let written = text::literal(directive.first(), directive, self.notes);
            let Some(address) = address(&written) else {
                let help = "write its IP address";
                self.notes
                    .lost(directive, "listeners have addresses and no names", help);
                continue;
            };
            self.check_options(directive);
            listens.push(Listen {
                address,
                directive,
                is_default: directive.has("default_server") || directive.has("default"),
                ssl: ssl || directive.has("ssl"),
                http2: http2 || directive.has("http2"),
                proxy_protocol: directive.has("proxy_protocol"),
            });
        }
        if listens.is_empty() && !level.has_own(&["listen"]) {
            listens.push(Listen {
                address: "0.0.0.0:80".to_owned(),
                directive: server,
                is_default: false,
                ssl,
                http2,
                proxy_protocol: false,
            });
        }
        listens
    }

    fn check_options(&self, directive: &Directive) {
        for word in directive.words.iter().skip(1) {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            match name {
                "rcvbuf" | "sndbuf" | "setfib" | "fastopen" | "accept_filter" | "multipath" => {
                    let message = format!("`{name}` is left to the kernel");
                    self.notes.info(directive, &message, "");
                }
                // Every worker of the edge has its own socket, and a silent connection costs nothing.
                "reuseport" | "deferred" | "bind" | "default_server" | "default" | "ssl"
                | "http2" | "proxy_protocol" | "backlog" | "ipv6only" | "so_keepalive" | "spdy" => {
                }
                _ => self
                    .notes
                    .lost(directive, &format!("`{name}` is not known"), ""),
            }
        }
    }

    /// A listener for each address.
    pub(super) fn listeners(&self, servers: &[Server<'d>]) -> Vec<Table> {
        let mut tables = Vec::new();
        // Those of servers that only refuse handshakes, too.
        let mut all: Vec<(Listen<'d>, Level<'d>)> = Vec::new();
        for directive in self.http.own("server") {
            let level = self.http.inside(directive.inside());
            let listens = self.listens(directive, &level);
            all.extend(listens.into_iter().map(|listen| (listen, level.clone())));
        }
        let mut addresses: Vec<&str> = Vec::new();
        for (listen, _) in &all {
            if addresses.contains(&listen.address.as_str()) {
                continue;
            }
            addresses.push(&listen.address);
            let here = all
                .iter()
                .filter(|(other, _)| other.address == listen.address);
            let here: Vec<_> = here.collect();
            let is_used = servers.iter().flat_map(|server| &server.listens);
            if !is_used
                .into_iter()
                .any(|used| used.address == listen.address)
            {
                let message = "no site is left for this address";
                self.notes.info(listen.directive, message, "");
                continue;
            }
            tables.push(self.listener(&here));
        }
        tables
    }

    fn listener(&self, here: &[&(Listen<'d>, Level<'d>)]) -> Table {
        let mut table = Table::default();
        let Some((first, _)) = here.first() else {
            return table;
        };
        table.comment(self.line(&first.directive.at));
        table.set("address", Value::text(&first.address));
        let option = |name: &str| {
            let mut words = here.iter().map(|(listen, _)| listen.directive);
            words.find_map(|directive| directive.parameter(name).map(|value| (directive, value)))
        };
        if let Some((_, backlog)) = option("backlog")
            && let Ok(backlog) = backlog.parse()
        {
            table.set("backlog", Value::Number(backlog));
        }
        if let Some((_, "off")) = option("ipv6only") {
            table.set("ipv6_only", Value::Switch(false));
        }
        if let Some((directive, probes)) = option("so_keepalive") {
            table.set_some("keepalive", self.keepalive(probes, directive));
        }
        if here.iter().any(|(listen, _)| listen.proxy_protocol) {
            table.set("proxy_protocol", self.proxy_protocol(here));
        }
        if here.iter().any(|(listen, _)| listen.ssl) {
            if !here.iter().any(|(listen, _)| listen.http2) {
                table.set_because(
                    "http2",
                    Value::Switch(false),
                    "as before; true is the default",
                );
            }
            table.set("tls", self.tls(here));
        }
        table
    }

    fn keepalive(&self, probes: &str, directive: &Directive) -> Option<Value> {
        match probes {
            "on" => return Some(Value::Switch(true)),
            "off" => return None,
            _ => {}
        }
        let mut pairs = Vec::new();
        let mut parts = probes.split(':');
        for key in ["idle", "interval"] {
            let part = parts.next().filter(|part| !part.is_empty());
            if let Some(period) = part.and_then(quantity::period) {
                pairs.push((key.to_owned(), Value::text(period)));
            }
        }
        if let Some(Ok(probes)) = parts.next().filter(|part| !part.is_empty()).map(str::parse) {
            pairs.push(("probes".to_owned(), Value::Number(probes)));
        }
        if pairs.is_empty() {
            self.notes.lost(
                directive,
                &format!("`so_keepalive={probes}` says nothing"),
                "",
            );
            return None;
        }
        Some(Value::Inline(pairs))
    }

    fn proxy_protocol(&self, here: &[&(Listen<'d>, Level<'d>)]) -> Value {
        let mut from: Vec<String> = Vec::new();
        for (_, level) in here {
            for trusted in level.all("set_real_ip_from") {
                let network = trusted.first().to_owned();
                if !from.contains(&network) && super::access::is_network(&network) {
                    from.push(network);
                }
            }
        }
        if from.is_empty() {
            if let Some((listen, _)) = here.iter().find(|(listen, _)| listen.proxy_protocol) {
                let message = "the addresses of the load balancers are not known, so all are believed, as by nginx";
                let help = "name them: proxy_protocol = { from = [\"10.0.0.0/8\"] }";
                self.notes.differs(listen.directive, message, help);
            }
            from = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
        }
        Value::inline([("from", Value::texts(from))])
    }
}

/// An address of nginx's as the edge writes it.
fn address(written: &str) -> Option<String> {
    if written.starts_with("unix:") || written.contains("${") {
        return Some(written.to_owned());
    }
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let host = |text: &str| match text {
        "*" => Some(any),
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        "[::]" => Some(Ipv6Addr::UNSPECIFIED.into()),
        text => text.trim_matches(['[', ']']).parse().ok(),
    };
    let (address, port) = if let Ok(port) = written.parse::<u16>() {
        (any, port)
    } else if let Some(address) = host(written) {
        (address, 80)
    } else {
        let (text, port) = written.rsplit_once(':')?;
        (host(text)?, port.parse().ok()?)
    };
    Some(SocketAddr::new(address, port).to_string())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses() {
        for (written, expected) in [
            ("80", Some("0.0.0.0:80")),
            ("*:8080", Some("0.0.0.0:8080")),
            ("127.0.0.1", Some("127.0.0.1:80")),
            ("localhost:81", Some("127.0.0.1:81")),
            ("[::]:80", Some("[::]:80")),
            ("[::1]", Some("[::1]:80")),
            ("unix:/run/x.sock", Some("unix:/run/x.sock")),
            ("web.internal:80", None),
        ] {
            assert_eq!(address(written).as_deref(), expected, "{written}");
        }
    }
}
