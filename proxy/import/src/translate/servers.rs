//! nginx's servers: by which addresses and names they are asked for.

use std::collections::BTreeSet;

use super::Import;
use super::listeners::Listen;
use crate::expression;
use crate::level::Level;
use crate::syntax::Directive;
use crate::text::Variables;

/// A server, as it becomes a site.
pub(super) struct Server<'d> {
    pub(super) directive: &'d Directive,
    pub(super) level: Level<'d>,
    pub(super) listens: Vec<Listen<'d>>,
    /// The names of its site; `_` among them if it takes what no other does.
    pub(super) names: Vec<String>,
    /// Its first name as nginx has it.
    pub(super) first_name: String,
    /// Whether it is the default of one of its addresses.
    is_default: bool,
    /// What all of its requests get, if `if ($host ...)` says so.
    pub(super) instead: Option<&'d Directive>,
    pub(super) variables: Variables,
}

impl Server<'_> {
    /// Whether clients leave the port out of the Host.
    pub(super) fn has_usual_ports(&self) -> bool {
        let mut listens = self.listens.iter();
        listens.all(|one| {
            let port = one.address.rsplit_once(':').map(|(_, port)| port);
            matches!((port, one.ssl), (Some("80"), false) | (Some("443"), true))
                || one.address.starts_with("unix:")
        })
    }
}

impl<'d> Import<'d> {
    /// All servers that requests can come to, in the order of the files.
    pub(super) fn servers(&self) -> Vec<Server<'d>> {
        let mut servers: Vec<Server<'d>> = Vec::new();
        for directive in self.http.own("server") {
            let level = self.http.inside(directive.inside());
            let listens = self.listens(directive, &level);
            servers.push(self.server(directive, level, listens));
        }
        Self::settle_defaults(&mut servers);
        let mut taken = BTreeSet::new();
        let mut found = Vec::new();
        for mut server in servers {
            if rejects_only(&server) {
                continue;
            }
            let had_names = !server.names.is_empty();
            self.drop_taken(&mut server, &mut taken);
            if server.names.is_empty() {
                if had_names {
                    continue;
                }
                let message =
                    "no request comes here: it has no name, and is the default of no address";
                self.notes.info(server.directive, message, "");
                continue;
            }
            found.extend(self.split_by_host(server));
        }
        found
    }

    fn server(
        &self,
        directive: &'d Directive,
        level: Level<'d>,
        listens: Vec<Listen<'d>>,
    ) -> Server<'d> {
        let mut names = Vec::new();
        let mut variables = self.variables();
        let written = level.own("server_name");
        let words = written
            .iter()
            .flat_map(|one| one.words.iter().map(move |word| (word, *one)));
        for (word, from) in words.clone() {
            match word.as_str() {
                "" | "_" => {}
                "$hostname" => {
                    let help = "write the name in its place";
                    self.notes
                        .lost(from, "a site is not named by the machine's name", help);
                }
                name if name.starts_with('~') => {
                    match expression::meant(name.trim_start_matches('~'), false) {
                        Ok(expression) => {
                            variables = variables.with_groups(&expression);
                            names.push(format!("~{}", crate::text::escaped(&expression)));
                        }
                        Err(error) => self
                            .notes
                            .lost(from, &error, "write it without look-around"),
                    }
                }
                name => match name.strip_prefix('.') {
                    Some(rest) => names.extend([rest.to_owned(), format!("*.{rest}")]),
                    None => names.push(name.to_owned()),
                },
            }
        }
        let first_name = words.map(|(word, _)| word.clone()).next();
        Server {
            directive,
            level,
            listens,
            names,
            first_name: first_name.unwrap_or_default(),
            is_default: false,
            instead: None,
            variables,
        }
    }

    /// The first server of an address is its default, unless another says so: and says so in its names,
    /// since a site has them for all of its addresses.
    fn settle_defaults(servers: &mut [Server<'d>]) {
        let mut addresses: Vec<String> = Vec::new();
        for listen in servers.iter().flat_map(|server| &server.listens) {
            if !addresses.contains(&listen.address) {
                addresses.push(listen.address.clone());
            }
        }
        let mut unnamed_defaults = Vec::new();
        for address in addresses {
            let here =
                |server: &Server<'_>| server.listens.iter().any(|one| one.address == address);
            let says_so = |server: &Server<'_>| {
                let mut listens = server.listens.iter();
                listens.any(|one| one.address == address && one.is_default)
            };
            let first = servers.iter().position(here);
            let default = servers.iter().position(says_so).or(first);
            if let Some(default) = default {
                let is_first = first == Some(default);
                unnamed_defaults.push((default, is_first));
            }
        }
        for (index, is_first) in unnamed_defaults {
            let Some(server) = servers.get_mut(index) else {
                continue;
            };
            server.is_default = true;
            let needs_it = !is_first || server.names.is_empty();
            if needs_it && !server.names.iter().any(|name| name == "_") {
                server.names.push("_".to_owned());
            }
        }
    }

    /// Of two servers of a name at an address nginx takes the first, and warns.
    fn drop_taken(&self, server: &mut Server<'d>, taken: &mut BTreeSet<(String, String)>) {
        let listens: Vec<String> = server
            .listens
            .iter()
            .map(|one| one.address.clone())
            .collect();
        let mut kept = Vec::new();
        for name in std::mem::take(&mut server.names) {
            let keys = listens
                .iter()
                .map(|address| (address.clone(), name.to_ascii_lowercase()));
            let keys: Vec<_> = keys.collect();
            if keys.iter().any(|key| taken.contains(key)) {
                let message =
                    format!("`{name}` is the name of a server before it, which takes its requests");
                self.notes.info(server.directive, &message, "");
            } else {
                taken.extend(keys);
                kept.push(name);
            }
        }
        server.names = kept;
    }

    /// `if ($host = name) { return ...; }`: that name has a site of its own.
    fn split_by_host(&self, mut server: Server<'d>) -> Vec<Server<'d>> {
        let mut split = Vec::new();
        for condition in server.level.here().iter().filter(|one| one.name == "if") {
            let Some((host, is_other)) = super::conditions::host(condition) else {
                continue;
            };
            self.notes.seen(condition);
            if server.is_default && !server.names.iter().any(|name| name == "_") {
                server.names.push("_".to_owned());
            }
            let returns = condition.inside().iter().any(|one| one.name == "return");
            let (own, rest): (Vec<String>, Vec<String>) = std::mem::take(&mut server.names)
                .into_iter()
                .partition(|name| (*name == host) != is_other);
            server.names = rest;
            if own.is_empty() {
                self.notes.info(
                    condition,
                    "the server has no such name, so it has no effect",
                    "",
                );
                continue;
            }
            if !returns {
                server.names.extend(own);
                let help = "give the name a [[site]] of its own";
                self.notes.lost(
                    condition,
                    "conditions about the host name are not taken over",
                    help,
                );
                continue;
            }
            split.push(Server {
                names: own,
                instead: Some(condition),
                level: server.level.inside(condition.inside()),
                directive: server.directive,
                is_default: false,
                listens: server.listens.clone(),
                first_name: server.first_name.clone(),
                variables: server.variables.clone(),
            });
        }
        if !server.names.is_empty() {
            split.insert(0, server);
        }
        split
    }
}

/// A default server that only refuses handshakes is a switch of the listener's.
fn rejects_only(server: &Server<'_>) -> bool {
    let rejects = server.level.own_one("ssl_reject_handshake");
    rejects.is_some_and(Directive::is_on) && server.listens.iter().all(|one| one.ssl)
}
