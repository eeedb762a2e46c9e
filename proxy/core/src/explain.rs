//! What would become of a request, and why: what an operator asks before and after a change.
//!
//! The same code chooses here as for real requests; only what it says of it is of this module.

mod action;
mod policy;
mod route;
mod terms;

use std::net::IpAddr;

use crate::address::{Address, Peer};
use crate::challenge;
use crate::config::{Config, Route, Site};
use crate::disk_path::DiskPath;
use crate::error_page::Destination;
use crate::expression::Captures;
use crate::http::{BadPath, RequestHead, normalise_path};
use crate::https_only;
use crate::route::{Asked, Choice, MOST_TURNS, Router, SiteFound, Then};
use crate::template::{self, Template, Values};

/// A request that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The listener by which it comes.
    pub listener: &'q Address,
    /// Its head.
    pub head: &'q RequestHead<'q>,
    /// The client, and its address as text.
    pub client: (IpAddr, &'q str),
    /// `http` or `https`, as the client connected.
    pub scheme: &'static str,
}

/// What is said, in order: what it is about, and a line for each thing.
pub type Explanation = Vec<(&'static str, String)>;

/// Explains what becomes of a request.
pub fn explain(config: &Config, question: &Question<'_>) -> Explanation {
    let router = Router::new(&config.sites);
    let SiteFound {
        site: index,
        groups,
    } = router.site(question.listener, question.head.host);
    let mut said = Explanation::new();
    let Some(site) = config.sites.get(index) else {
        return said;
    };
    said.push(("listener", question.listener.to_string()));
    said.push((
        "site",
        route::why_site(site, question.head.host, groups.is_some()),
    ));
    let case = Case {
        config,
        question,
        router: &router,
        site: (index, site),
        host_groups: groups,
    };
    if config.acme.is_some() && challenge::token(question.head.path()).is_some() {
        let first = "an authority that an order waits for is answered; all others go on";
        said.push(("first", first.to_owned()));
    }
    if !case.goes_to_https(&mut said) {
        case.follow(&mut said);
    }
    said
}

/// A request and the site that it belongs to.
struct Case<'c> {
    config: &'c Config,
    question: &'c Question<'c>,
    router: &'c Router,
    site: (usize, &'c Site),
    host_groups: Option<Captures>,
}

impl Case<'_> {
    /// Follows the request from path to path.
    fn follow(&self, said: &mut Explanation) {
        let mut target = self.question.head.target.to_owned();
        let (mut fixed, mut rewritten) = (None, false);
        for turn in 0..=MOST_TURNS {
            let head = self.question.head.at(&target);
            let path = match normalise_path(head.path()) {
                Ok(path) => path,
                Err(error) => return said.push(("refused", refused(error))),
            };
            if path != head.path().as_bytes() {
                let path = String::from_utf8_lossy(&path);
                said.push((
                    "path",
                    format!("{path} (decoded, without dots and double slashes)"),
                ));
            }
            let asked = Asked {
                head: &head,
                path: &path,
                inside: turn > 0,
                route: fixed,
                rewritten,
            };
            let (index, site) = self.site;
            let choice = self.router.choose(index, &asked, |_, text, groups| {
                self.render(text, &head, ("", Some(groups)))
            });
            let (found, slash) = match choice {
                Choice::None => return self.no_route(&path, &head, said),
                Choice::Slash(found) => (found, true),
                Choice::Route(found) => (found, false),
                Choice::Rewritten(new, of) => {
                    let route = of.and_then(|of| site.routes.get(of));
                    said.push(("rewrite", rewrite(route, &new.target, new.then)));
                    match new.then {
                        Then::Redirect(_) => return,
                        Then::Last => (fixed, rewritten) = (None, of.is_none()),
                        Then::Break => (fixed, rewritten) = (of, true),
                    }
                    target = new.target;
                    continue;
                }
            };
            let Some(route) = site.routes.get(found) else {
                return;
            };
            said.push(("route", route::why(route, &site.routes)));
            let others = route::others(found, &site.routes, &path, &head);
            said.extend(others.into_iter().map(|other| ("not", other)));
            let groups = self.router.groups(index, found, &path);
            let at = At {
                case: self,
                route,
                head: &head,
                path: &path,
                groups: groups.as_ref(),
                sent: fixed.is_some(),
            };
            return at.say(slash, said);
        }
        said.push(("refused", "500: its path changes without end".to_owned()));
    }

    /// Whether the client has to come by HTTPS.
    fn goes_to_https(&self, said: &mut Explanation) -> bool {
        let port = self.site.1.https_only;
        let port = port.filter(|_| self.question.scheme == "http");
        let to = port.and_then(|port| https_only::redirect(self.question.head, port));
        let Some((status, url)) = &to else {
            return false;
        };
        said.push(("answer", format!("{status} to {url}: https_only")));
        true
    }

    /// No route takes the request.
    fn no_route(&self, path: &[u8], head: &RequestHead<'_>, said: &mut Explanation) {
        said.push((
            "refused",
            "404 no_route: no route of the site takes this path".to_owned(),
        ));
        let routes = &self.site.1.routes;
        let others = route::others(usize::MAX, routes, path, head);
        said.extend(others.into_iter().map(|other| ("not", other)));
    }

    /// A text with what is known before any server was asked.
    fn render(
        &self,
        text: &Template,
        head: &RequestHead<'_>,
        (route, groups): (&str, Option<&Captures>),
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let (ip, address) = self.question.client;
        let address_of_listener = match self.question.listener {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) => None,
        };
        let values = Values {
            request: Some(head),
            line: Some(head.line.as_bytes()),
            client: template::Client {
                address,
                peer: Peer::Ip(ip),
                scheme: self.question.scheme,
                requests: 1,
                ..template::Client::default()
            },
            server: template::Server {
                address: address_of_listener,
                site: &self.site.1.label,
                route,
                ..template::Server::default()
            },
            path_groups: groups,
            host_groups: self.host_groups.as_ref(),
            ..Values::default()
        };
        text.render(&mut out, &values);
        out
    }
}

/// A request at its route.
struct At<'a> {
    case: &'a Case<'a>,
    route: &'a Route,
    head: &'a RequestHead<'a>,
    path: &'a [u8],
    groups: Option<&'a Captures>,
    /// Whether it was sent there, whatever its path.
    sent: bool,
}

impl At<'_> {
    fn say(&self, slash: bool, said: &mut Explanation) {
        if slash {
            let path = &self.route.label;
            said.push((
                "answer",
                format!("301 to {path}: the path lacks only the slash at its end"),
            ));
            return;
        }
        self.say_terms(said);
        self.say_action(said);
    }

    fn bytes(&self, text: &Template) -> Vec<u8> {
        let of = (self.route.label.as_str(), self.groups);
        self.case.render(text, self.head, of)
    }

    fn text(&self, text: &Template) -> String {
        String::from_utf8_lossy(&self.bytes(text)).into_owned()
    }

    fn disk_path(&self, path: &DiskPath) -> String {
        match path.of(|text| self.bytes(text)) {
            Some(path) => path.display().to_string(),
            None => "nowhere: what its variables come to is no path".to_owned(),
        }
    }

    fn destination(&self, to: &Destination) -> String {
        match to {
            Destination::Path(text) | Destination::Url(text) => self.text(text),
            Destination::Named(name) => format!("@{name}"),
        }
    }
}

fn refused(error: BadPath) -> String {
    let reason = error.reason();
    format!("{} {}: {}", reason.status, reason.code, reason.meaning)
}

fn rewrite(route: Option<&Route>, target: &str, then: Then) -> String {
    let of = match route {
        Some(route) => format!("a rule of the route {}", route.label),
        None => "a rule of the site".to_owned(),
    };
    let then = match then {
        Then::Last => "a route is chosen for it".to_owned(),
        Then::Break => "it stays with this route".to_owned(),
        Then::Redirect(status) => format!("the client is sent there, {status}"),
    };
    format!("{of} makes it {target}; {then}")
}
