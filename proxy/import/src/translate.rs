//! nginx's configuration in the words of the edge.

mod access;
mod answers;
mod client;
mod compress;
mod conditions;
mod files;
mod headers;
mod limits;
mod listeners;
mod logs;
mod maps;
mod process;
mod proxy;
mod routes;
mod servers;
mod sites;
mod target;
mod terms;
mod tls;
mod upstreams;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::catalogue;
use crate::document::Table;
use crate::level::Level;
use crate::note::{Note, Notes};
use crate::syntax::{self, Directive, Files, Mistake};
use crate::text::Variables;

/// A configuration of the edge, and what is to be said about it.
#[derive(Debug)]
pub struct Imported {
    /// The text of the configuration.
    pub text: String,
    /// What is not the same, or good to know: what matters most first.
    pub notes: Vec<Note>,
}

/// Rewrites the configuration of nginx in the file `main`. Paths that are relative to nginx's prefix (its
/// `-p`) are so to `prefix`.
pub fn import(main: &str, files: &dyn Files, prefix: &str) -> Result<Imported, Mistake> {
    let directives = syntax::read(main, files)?;
    let notes = Notes::default();
    let text = {
        let import = Import::new(main, &directives, prefix, &notes);
        import.document(main).print()
    };
    Ok(Imported {
        text,
        notes: notes.into_vec(),
    })
}

/// What is known of a configuration while it is rewritten.
struct Import<'d> {
    notes: &'d Notes,
    /// nginx's own directory, and that of its configuration, without a slash at the end.
    prefix: &'d str,
    directory: &'d str,
    main: Level<'d>,
    http: Level<'d>,
    formats: BTreeMap<&'d str, &'d Directive>,
    zones: BTreeMap<&'d str, &'d Directive>,
    groups: BTreeMap<&'d str, &'d Directive>,
    maps: BTreeMap<&'d str, &'d Directive>,
    types: BTreeMap<&'d str, &'d str>,
    upstreams: RefCell<upstreams::Built>,
    limits: RefCell<limits::Built>,
    /// Maps whose values name servers, and so become names of upstreams.
    choosing: RefCell<BTreeMap<String, BTreeMap<String, String>>>,
}

impl<'d> Import<'d> {
    fn new(main: &'d str, directives: &'d [Directive], prefix: &'d str, notes: &'d Notes) -> Self {
        let main_level = Level::new(directives, notes);
        let http = match main_level.own_one("http") {
            Some(http) => main_level.inside(http.inside()),
            // A file that is included within `http`, such as one of conf.d.
            None => main_level.clone(),
        };
        let by_name = |directives: Vec<&'d Directive>| {
            let with_name = directives.into_iter().map(|one| (one.first(), one));
            with_name.collect::<BTreeMap<_, _>>()
        };
        let zone = |one: &'d Directive| Some((zone_name(one)?, one));
        let map = |one: &'d Directive| Some((one.word(1)?.strip_prefix('$')?, one));
        let types = http.own("types").into_iter().flat_map(Directive::inside);
        Self {
            notes,
            prefix: prefix.trim_end_matches('/'),
            directory: syntax::directory(main),
            formats: by_name(http.own("log_format")),
            zones: http
                .own("limit_req_zone")
                .into_iter()
                .filter_map(zone)
                .collect(),
            groups: by_name(http.own("upstream")),
            maps: http.own("map").into_iter().filter_map(map).collect(),
            types: types
                .flat_map(|one| {
                    one.words
                        .iter()
                        .map(|end| (end.as_str(), one.name.as_str()))
                })
                .collect(),
            main: main_level,
            http,
            upstreams: RefCell::default(),
            limits: RefCell::default(),
            choosing: RefCell::default(),
        }
    }

    /// The whole configuration.
    fn document(&self, main: &str) -> Table {
        let servers = self.servers();
        // What nobody has looked at is told once a block has been gone through, so these come first.
        let (process, resolver) = (self.process(), self.resolver());
        let (client, listeners) = (self.client(&servers), self.listeners(&servers));
        let sites = self.sites(&servers);
        let maps = self.map_tables(&sites);
        let mut root = Table::default();
        root.comment(format!(
            "Imported from {main} by `hifate-edge import nginx`. Comments name the lines that things are from; what \
             could not be taken over stands as `# nginx:`."
        ));
        root.set_table("server", process);
        root.set_table("resolver", resolver);
        root.set_table("client", client);
        root.tables("listener", listeners);
        root.set_table("upstream", self.upstream_tables());
        root.set_table("map", maps);
        root.set_table("rate_limit", self.limit_tables());
        self.elsewhere();
        catalogue::sweep(self.http.here(), self.notes);
        catalogue::sweep(self.main.here(), self.notes);
        let (defaults, sites) = sites::hoisted(sites);
        root.set_table("defaults", defaults);
        root.tables("site", sites);
        root
    }

    /// What stands beside `http`.
    fn elsewhere(&self) {
        for (name, what) in [
            ("stream", "connections that are not HTTP"),
            ("mail", "mail"),
        ] {
            for directive in self.main.own(name) {
                let message = format!("the edge does not pass on {what}");
                self.notes
                    .lost(directive, &message, "keep nginx for it, on its own ports");
            }
        }
        if let Some(events) = self.main.own_one("events") {
            catalogue::sweep(events.inside(), self.notes);
        }
    }

    /// The variables that all texts may have.
    fn variables(&self) -> Variables {
        Variables {
            maps: self.maps.keys().map(|name| (*name).to_owned()).collect(),
            ..Variables::default()
        }
    }

    /// A path of nginx's prefix.
    fn in_prefix(&self, path: &str) -> String {
        absolute(self.prefix, path)
    }

    /// A path of the directory of the configuration.
    fn in_directory(&self, path: &str) -> String {
        absolute(self.directory, path)
    }
}

fn absolute(directory: &str, path: &str) -> String {
    if path.starts_with(['/', '$']) {
        path.to_owned()
    } else {
        format!("{directory}/{path}")
    }
}

/// The name in `zone=NAME:SIZE`.
fn zone_name(directive: &Directive) -> Option<&str> {
    let zone = directive.parameter("zone")?;
    Some(zone.split_once(':').map_or(zone, |(name, _)| name))
}
