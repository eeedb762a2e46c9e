//! `server`: sites.

use super::Import;
use super::answers::{Answer, refused};
use super::conditions::Meaning;
use super::headers::Rules;
use super::routes::{Around, Pattern, Place};
use super::servers::Server;
use super::terms::Terms;
use crate::catalogue;
use crate::document::{Table, Value};
use crate::syntax::{At, Directive};

impl<'d> Import<'d> {
    pub(super) fn sites(&self, servers: &[Server<'d>]) -> Vec<Table> {
        let mut addresses: Vec<&str> = Vec::new();
        for listen in servers.iter().flat_map(|server| &server.listens) {
            if !addresses.contains(&listen.address.as_str()) {
                addresses.push(&listen.address);
            }
        }
        let sites: Vec<Table> = servers
            .iter()
            .map(|server| self.site(server, &addresses))
            .collect();
        self.built_in_log(servers);
        for server in self.http.own("server") {
            catalogue::sweep(server.inside(), self.notes);
        }
        sites
    }

    /// nginx writes a log even if nobody asks for one.
    fn built_in_log(&self, servers: &[Server<'d>]) {
        let says_nothing = |server: &&Server<'d>| server.level.all("access_log").is_empty();
        for server in servers.iter().filter(says_nothing) {
            let message = "no access_log is set, and nginx writes one where it was built to; the edge writes none";
            let help = "access_log = { path = \"/var/log/hifate/access.log\" }";
            self.notes.differs(server.directive, message, help);
        }
    }

    fn site(&self, server: &Server<'d>, addresses: &[&str]) -> Table {
        let mark = self.notes.len();
        let mut table = Table::default();
        table.comment(self.line(&server.directive.at));
        table.set("names", Value::texts(server.names.iter().cloned()));
        let mut listen: Vec<&str> = Vec::new();
        for one in &server.listens {
            if !listen.contains(&one.address.as_str()) {
                listen.push(&one.address);
            }
        }
        if addresses.iter().any(|address| !listen.contains(address)) {
            table.set("listen", Value::texts(listen));
        }
        let place = self.outermost(server);
        let terms = self.terms(&server.level, &server.level, &place.variables);
        let request = self.request_rules(&place, false, None);
        let response = self.response_rules(&place);
        let (around, guards) = self.prologue(&place, &mut table, (terms, request, response));
        Self::write_terms(&around.terms, &Terms::new(), &mut table);
        Self::compression(&server.level, &mut table);
        table.set_some(
            "request_headers",
            around.request.on_top_of(&Rules::default()),
        );
        table.set_some(
            "response_headers",
            around.response.on_top_of(&Rules::default()),
        );
        let rules = server.level.own("rewrite");
        table.set_some("rewrite", self.rewrites(&rules, &place.variables));
        let returned = server.instead.map_or_else(
            || server.level.own_one("return"),
            |condition| condition.inside().iter().find(|one| one.name == "return"),
        );
        let routes = match returned {
            Some(directive) => {
                let answer = self.returned(directive, &place);
                guards
                    .into_iter()
                    .chain([for_all(self.line(&directive.at), answer)])
                    .collect()
            }
            None => self.routes(&place, &around, guards),
        };
        // What was lost inside of routes stands there.
        let inside: Vec<String> = routes.iter().flat_map(Table::all_comments).collect();
        let own = self.notes.lost_since(mark).into_iter();
        table
            .comments
            .extend(own.filter(|comment| !inside.contains(comment)));
        table.tables("route", routes);
        table
    }

    fn outermost<'p>(&self, server: &'p Server<'d>) -> Place<'p, 'd> {
        Place {
            server,
            directive: server.directive,
            level: server.level.clone(),
            variables: self.sets(&server.variables, server.directive.inside()),
            pattern: Pattern::Prefix("/".to_owned(), false),
            conditional: server.instead.is_some(),
            fallback: None,
        }
    }

    /// What `if` says of all requests of a server: `https_only`, or routes that come before all others.
    fn prologue<'p>(
        &self,
        place: &Place<'p, 'd>,
        table: &mut Table,
        (terms, request, response): (Terms, Rules, Rules),
    ) -> (Around<'p, 'd>, Vec<Table>) {
        let around = Around {
            server: place.server,
            level: place.level.clone(),
            variables: place.variables.clone(),
            terms,
            request,
            response,
        };
        let mut guards = Vec::new();
        for condition in place
            .level
            .here()
            .iter()
            .filter(|one| one.name == "if" && !self.notes.is_seen(one))
        {
            self.notes.seen(condition);
            let when = match self.meaning(condition, &place.variables) {
                Meaning::PlainHttp if leads_to_https(condition) => {
                    let message = "methods but GET and HEAD are sent there by 308, so that they stay what they are";
                    self.notes.info(condition, message, "");
                    for inner in condition.inside() {
                        self.notes.seen(inner);
                    }
                    table.set("https_only", Value::Switch(true));
                    continue;
                }
                Meaning::When {
                    when,
                    negated: false,
                } => Some(when),
                Meaning::When {
                    when,
                    negated: true,
                } => {
                    let others = Self::contrary(&when);
                    if others.is_some() {
                        let message = "methods that are neither named nor usual go on";
                        self.notes
                            .differs(condition, message, "name them in `when`, too");
                    }
                    others
                }
                Meaning::PlainHttp | Meaning::NoFile | Meaning::Other => None,
            };
            let answers = condition.inside().iter().any(|one| one.name == "return");
            match when.filter(|_| answers) {
                Some(when) => guards.extend(self.before_all(&when, condition, place, &around)),
                None => self.lose(condition),
            }
        }
        (around, guards)
    }

    /// Routes that come before all others: an expression that every path fits, and each location that
    /// comes before expressions once more.
    fn before_all(
        &self,
        when: &Value,
        condition: &'d Directive,
        place: &Place<'_, 'd>,
        around: &Around<'_, 'd>,
    ) -> Vec<Table> {
        let mut patterns = vec![Pattern::Regex("^".to_owned())];
        for location in place
            .level
            .here()
            .iter()
            .filter(|one| one.name == "location")
        {
            match (location.first(), location.word(1)) {
                ("=", Some(path)) => patterns.push(Pattern::Exact(path.to_owned())),
                ("^~", Some(path)) => patterns.push(Pattern::Prefix(path.to_owned(), true)),
                _ => {}
            }
        }
        let table = |pattern| {
            let guarded = Place {
                server: place.server,
                directive: condition,
                level: place.level.inside(condition.inside()),
                variables: place.variables.clone(),
                pattern,
                conditional: true,
                fallback: None,
            };
            self.route(&guarded, Some(when.clone()), around).0
        };
        let tables = patterns.into_iter().map(table).collect();
        catalogue::sweep(condition.inside(), self.notes);
        tables
    }

    fn routes(
        &self,
        place: &Place<'_, 'd>,
        around: &Around<'_, 'd>,
        guards: Vec<Table>,
    ) -> Vec<Table> {
        let mut routes = guards;
        let locations = place
            .level
            .here()
            .iter()
            .filter(|one| one.name == "location");
        let locations: Vec<&'d Directive> = locations.collect();
        for location in &locations {
            routes.extend(self.location(location, around));
        }
        // What no location takes is a file, where it is said which.
        let is_whole = |one: &&&Directive| matches!(one.words.as_slice(), [path] if path == "/");
        let has_files = place.level.one("root").is_some() || place.level.has_own(&["try_files"]);
        if has_files && !locations.iter().any(|one| is_whole(&one)) {
            let files = self.files(place);
            routes.push(for_all(self.line(&place.directive.at), files));
        }
        if routes.is_empty() {
            routes.push(for_all(self.line(&place.directive.at), refused(404)));
        }
        routes
    }

    /// Where something stands, in short.
    pub(super) fn line(&self, at: &At) -> String {
        let file = at
            .file
            .name
            .strip_prefix(self.directory)
            .unwrap_or(&at.file.name);
        format!("{}:{}", file.trim_start_matches('/'), at.line)
    }
}

fn for_all(comment: String, (key, value): Answer) -> Table {
    let mut table = Table::default();
    table.comment(comment);
    table.set("path", Value::text("/"));
    table.set(key, value);
    table
}

/// Whether a condition sends clients to the same place with TLS.
fn leads_to_https(condition: &Directive) -> bool {
    condition
        .inside()
        .iter()
        .any(|one| match one.name.as_str() {
            "return" | "rewrite" => {
                let url = one.word(1).unwrap_or_default();
                let rest = url.strip_prefix("https://").unwrap_or_default();
                rest.starts_with('$')
                    && ["$request_uri", "$1", "$uri", "$request_uri?"]
                        .iter()
                        .any(|end| rest.ends_with(end))
            }
            _ => false,
        })
}

/// What all sites say alike is said once.
pub(super) fn hoisted(mut sites: Vec<Table>) -> (Table, Vec<Table>) {
    let mut defaults = Table::default();
    let mut common = Table::default();
    if sites.len() > 1 {
        for key in ["access_log", "max_body", "gzip", "compress"] {
            let first = sites.first().and_then(|site| site.get(key)).cloned();
            let Some(value) = first else {
                continue;
            };
            if sites.iter().all(|site| site.get(key) == Some(&value)) {
                for site in &mut sites {
                    site.remove(key);
                }
                common.set(key, value);
            }
        }
    }
    defaults.set_table("site", common);
    (defaults, sites)
}
