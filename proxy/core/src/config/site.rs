//! Sites, from written to meant.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use settings::{Place, Problems};

use super::{AccessLog, Route, Site, checks, file, headers, route};
use crate::access::Access;
use crate::encoding::{Coding, Compression, Offer};
use crate::headers::Rules;
use crate::template::{Escape, Template};

/// All sites, in the order of the file.
pub(super) fn all(
    written: &[file::Site],
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Vec<Site> {
    if written.is_empty() {
        problems.push_with_help(
            &Place::root(),
            "there is no site, so no request has anywhere to go",
            "add [[site]] with a [[site.route]]",
        );
    }
    let place = Place::root().key("site");
    let mut seen = HashMap::new();
    let mut sites = Vec::new();
    for (index, site) in written.iter().enumerate() {
        let at = place.index(index);
        names(&site.names, &at.key("names"), &mut seen, problems);
        sites.push(one(site, &at, upstreams, problems));
    }
    sites
}

/// Two sites of one name: nginx warns and ignores the second; here neither is what was meant.
fn names(
    written: &[String],
    at: &Place,
    seen: &mut HashMap<String, Place>,
    problems: &mut Problems,
) {
    for (index, name) in written.iter().enumerate() {
        let at = at.index(index);
        let wildcards = name.matches('*').count();
        let wildcard_is_first = name.starts_with("*.") && name.len() > 2;
        if name.is_empty() || (wildcards > 0 && !(wildcards == 1 && wildcard_is_first)) {
            problems.push_with_help(
                &at,
                format!("`{name}` is not a host name"),
                "\"example.com\", \"*.example.com\" or \"_\"",
            );
        } else if name.contains([':', '/']) {
            problems.push(&at, format!("`{name}`: a name has no port and no path"));
        }
        if let Some(first) = seen.insert(name.to_ascii_lowercase(), at.clone()) {
            problems.push(&at, format!("`{name}` is already a name at {first}"));
        }
    }
}

fn one(
    written: &file::Site,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Site {
    if written.route.is_empty() {
        problems.push_with_help(at, "the site has no route", "add [[site.route]]");
    }
    let inherited = Inherited::of(written, at, problems);
    let mut routes: Vec<Route> = Vec::new();
    for (index, route) in written.route.iter().enumerate() {
        let at = at.key("route").index(index);
        let Some(meant) = route::one(route, (written, &inherited), &at, upstreams, problems) else {
            continue;
        };
        if routes
            .iter()
            .any(|other| route::is_same(&other.pattern, &meant.pattern))
        {
            problems.push(
                &at.key("path"),
                format!("`{}` is already a route", meant.label),
            );
        }
        routes.push(meant);
    }
    Site {
        label: written
            .names
            .first()
            .cloned()
            .unwrap_or_else(|| "_".to_owned()),
        names: written.names.clone(),
        compression: compression(written, at, problems),
        response_headers: inherited.response_headers,
        access_log: access_log(&written.access_log, &at.key("access_log"), problems),
        routes,
    }
}

fn compression(written: &file::Site, at: &Place, problems: &mut Problems) -> Option<Compression> {
    match (&written.gzip, &written.compress) {
        (None, None) => None,
        (Some(written), None) => Some(gzip(written, &at.key("gzip"), problems)),
        (None, Some(written)) => Some(compress(written, &at.key("compress"), problems)),
        (Some(_), Some(_)) => {
            problems.push_with_help(
                &at.key("compress"),
                "`gzip` is there too, and a site has one of them",
                "`compress` offers gzip as well: compress = { gzip = 5 }",
            );
            None
        }
    }
}

fn gzip(written: &file::Gzip, at: &Place, problems: &mut Problems) -> Compression {
    let coding = Coding::Gzip;
    let level = level(coding, written.level, &at.key("level"), problems);
    Compression {
        offers: vec![Offer { coding, level }],
        min_length: written.min_length.0,
        types: written.types.clone(),
    }
}

fn compress(written: &file::Compress, at: &Place, problems: &mut Problems) -> Compression {
    let gzip = level(Coding::Gzip, written.gzip, &at.key("gzip"), problems);
    let brotli = level(Coding::Brotli, written.brotli, &at.key("brotli"), problems);
    let zstd = level(Coding::Zstd, written.zstd, &at.key("zstd"), problems);
    let place = at.key("prefer");
    if written.prefer.is_empty() {
        problems.push_with_help(&place, "nothing is offered", "leave it out to offer all");
    }
    let mut offers: Vec<Offer> = Vec::new();
    for (index, name) in written.prefer.iter().enumerate() {
        let (coding, level) = match name {
            file::CodingName::Gzip => (Coding::Gzip, gzip),
            file::CodingName::Br => (Coding::Brotli, brotli),
            file::CodingName::Zstd => (Coding::Zstd, zstd),
        };
        if offers.iter().any(|offer| offer.coding == coding) {
            let message = format!("`{}` is already in the list", coding.name());
            problems.push(&place.index(index), message);
        }
        offers.push(Offer { coding, level });
    }
    Compression {
        offers,
        min_length: written.min_length.0,
        types: written.types.clone(),
    }
}

/// The level as it is written, which has to be one of the coding's.
fn level(coding: Coding, written: u32, at: &Place, problems: &mut Problems) -> u32 {
    let levels = match coding {
        Coding::Gzip => 1..=9,
        Coding::Brotli => 0..=11,
        // Above 19 windows are larger than clients have to take (RFC 9659).
        Coding::Zstd => 1..=19,
    };
    if !levels.contains(&written) {
        let (first, last) = levels.into_inner();
        problems.push(at, format!("the level is a number from {first} to {last}"));
    }
    written
}

pub(super) fn access_log(
    written: &file::AccessLog,
    at: &Place,
    problems: &mut Problems,
) -> Option<AccessLog> {
    match written {
        file::AccessLog::Switch(false) => None,
        file::AccessLog::Switch(true) => {
            problems.push_with_help(
                at,
                "`true` does not say where to log",
                "{ path = \"/var/log/hifate/access.log\" }",
            );
            None
        }
        file::AccessLog::To(file) => {
            let format = log_format(file, at, problems);
            let condition = file.condition.as_ref().map(|text| {
                let condition = Template::parse(text, Escape::None);
                checks::parsed(condition, &at.key("if"), problems)
            });
            Some(AccessLog {
                path: PathBuf::from(&file.path),
                format: format?,
                condition: match condition {
                    Some(condition) => Some(condition?),
                    None => None,
                },
            })
        }
    }
}

fn log_format(file: &file::AccessLogFile, at: &Place, problems: &mut Problems) -> Option<Template> {
    let format = match file.format.as_str() {
        "combined" => Template::combined(),
        "json" => Template::json(),
        text => {
            let escape = match file.escape {
                None | Some(file::LogEscape::Default) => Escape::Default,
                Some(file::LogEscape::Json) => Escape::Json,
                Some(file::LogEscape::None) => Escape::None,
            };
            let format = Template::parse(text, escape);
            return checks::parsed(format, &at.key("format"), problems);
        }
    };
    if file.escape.is_some() {
        let message = format!("the format `{}` has its own way of escaping", file.format);
        problems.push(&at.key("escape"), message);
    }
    checks::parsed(format, &at.key("format"), problems)
}

/// What holds for the routes of a site unless they say something else.
pub(super) struct Inherited {
    pub(super) access: Access,
    pub(super) request_headers: Rules,
    pub(super) response_headers: Rules,
}

impl Inherited {
    fn of(written: &file::Site, at: &Place, problems: &mut Problems) -> Self {
        let none = Rules::default();
        let mut rules = |written, key| headers::meant(written, &none, &at.key(key), problems);
        Self {
            request_headers: rules(&written.request_headers, "request_headers"),
            response_headers: rules(&written.response_headers, "response_headers"),
            access: Access {
                allow: checks::networks(&written.allow, &at.key("allow"), problems),
                deny: checks::networks(&written.deny, &at.key("deny"), problems),
            },
        }
    }
}
