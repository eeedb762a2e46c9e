//! Taking a request to the route that answers it, and from there to others where the configuration or
//! a server says so: new paths, internal redirects, pages for errors.

mod pages;

use std::time::Instant;

use edge_core::http::{RequestHead, Upgrade, normalise_path};
use edge_core::https_only;
use edge_core::reason::Reason;
use edge_core::route::{Asked, Choice, MOST_TURNS, Rewritten, Then};
use edge_core::template::Template;

use super::body::Body;
use super::files::{Form, Missed, Search};
use super::gate;
use super::held::Held;
use super::local::{Direct, Refusal, Unread, refuse};
use super::proof::proof;
use super::record::{Record, Subject};
use super::switch::{Switched, must_switch};
use super::{After, Ended, Exchange, Owner, Place};
use crate::client::Client;
use crate::snapshot::{Action, Proxy, Route, Site, Target};

/// Where a request goes on.
#[derive(Debug, Default)]
pub(super) struct Onward {
    /// Path and query, as a request would name them.
    pub(super) target: String,
    /// The route that it goes to, whatever its path, by its index.
    pub(super) route: Option<usize>,
    /// Whether the rules for new paths have been asked that come before that.
    pub(super) rewritten: bool,
    /// Whether it goes on as a GET without a body.
    pub(super) bare: bool,
    /// Header lines that the next answer is to have.
    pub(super) kept: Vec<(String, Vec<u8>)>,
    /// Its body, where that was read already and goes with it.
    pub(super) body: Option<Body>,
}

/// A request on its way.
struct Way<'a, 's> {
    place: Place<'s>,
    site: &'s Site,
    /// What has come of its body, and when there was nothing more to wait for but that.
    arrived: &'a [u8],
    begun: Instant,
    /// How many of the bytes that came with the head belonged to the body.
    used: usize,
    /// The status that the client gets, if it is not that of the last answer.
    status: Option<u16>,
    /// Whether an error has had its page: one for its error would never end.
    paged: bool,
    /// Whether a part of the body will never be read.
    unread: bool,
    /// Whether the request has become a GET without a body.
    bare: bool,
}

/// What the turns before leave to a server.
struct Brought<'t> {
    /// Header lines that its answer is to have.
    kept: &'t [(String, Vec<u8>)],
    /// The body, if it was read already.
    body: Option<Body>,
}

/// What a request came to.
pub(super) enum Outcome {
    /// The client was answered, or has left.
    Answered(After),
    /// It was answered that the protocols are switched.
    Switched(Box<Switched>),
}

/// What a turn came to.
enum Turn<'s> {
    Answered(After, Owner<'s>),
    Switched(Box<Switched>, Owner<'s>),
    Onward(Onward),
}

/// Answers a request; also tells how many of the bytes that `arrived` with its head belonged to its
/// body, and whose it turned out to be.
pub(super) async fn dispatch<'s>(
    place: Place<'s>,
    client: &mut Client,
    head: &RequestHead<'_>,
    (arrived, begun): (&[u8], Instant),
    site: &'s Site,
    record: &mut Record,
) -> (Outcome, usize, Owner<'s>) {
    let mut way = Way {
        place,
        site,
        arrived,
        begun,
        used: 0,
        status: None,
        paged: false,
        unread: false,
        bare: false,
    };
    let mut onward: Option<Onward> = None;
    for _ in 0..=MOST_TURNS {
        let mut to = onward.take();
        let body = to.as_mut().and_then(|to| to.body.take());
        let changed;
        let asked = match &to {
            None => head,
            Some(to) => {
                way.bare |= to.bare;
                changed = way.changed(head, to);
                &changed
            }
        };
        match way.turn(client, asked, (to.as_ref(), body), record).await {
            Turn::Answered(after, owner) => {
                return (Outcome::Answered(way.after(after)), way.used, owner);
            }
            Turn::Switched(switched, owner) => {
                return (Outcome::Switched(switched), way.used, owner);
            }
            Turn::Onward(to) => onward = Some(to),
        }
    }
    let refusal = Refusal {
        reason: Reason::TOO_MANY_REDIRECTS,
        complete: !way.unread,
    };
    let subject = Subject::of(&site.unrouted, head);
    let after = refuse(place, client, subject, refusal, record).await;
    let after = Outcome::Answered(way.after(after));
    (after, way.used, (&site.unrouted, None))
}

impl<'s> Way<'_, 's> {
    /// The request as it goes on.
    fn changed<'h>(&self, head: &'h RequestHead<'_>, to: &'h Onward) -> RequestHead<'h> {
        let mut changed = if self.bare {
            head.redirected(&to.target)
        } else {
            head.at(&to.target)
        };
        changed.keep_alive &= !self.unread;
        if self.paged {
            // The answer is a page for an error, whatever was asked for.
            changed.upgrade = Upgrade::default();
        }
        changed
    }

    /// A client that may still be sending is given time to read the answer.
    fn after(&self, after: After) -> After {
        match after {
            After::Next | After::Finish if self.unread => After::Linger,
            After::Next | After::Finish | After::Linger | After::Close => after,
        }
    }

    async fn turn(
        &mut self,
        client: &mut Client,
        head: &RequestHead<'_>,
        (to, body): (Option<&Onward>, Option<Body>),
        record: &mut Record,
    ) -> Turn<'s> {
        let unrouted = &self.site.unrouted;
        record.needs = unrouted.needs;
        if to.is_none()
            && let Some(answer) = self.before_routes(client, head).await
        {
            return match answer {
                Ok(direct) => self.answer(client, head, (direct, unrouted), record).await,
                Err(reason) => self.refuse(client, head, reason, unrouted, record).await,
            };
        }
        let path = match normalise_path(head.path()) {
            Ok(path) => path,
            Err(error) => {
                let reason = error.reason();
                return self.refuse(client, head, reason, unrouted, record).await;
            }
        };
        let asked = Asked {
            head,
            path: &path,
            inside: to.is_some(),
            route: to.and_then(|to| to.route),
            rewritten: to.is_some_and(|to| to.rewritten),
        };
        let choice = self.choose(&asked, client, record);
        let (route, slash) = match choice {
            Choice::None => (None, false),
            Choice::Rewritten(rewritten, route) => {
                let to = (rewritten, route.and_then(|route| self.site.route(route)));
                return self.go_on(client, head, to, record).await;
            }
            Choice::Slash(route) => (self.site.route(route), true),
            Choice::Route(route) => (self.site.route(route), false),
        };
        let Some(route) = route else {
            let reason = Reason::NO_ROUTE;
            return self.refuse(client, head, reason, unrouted, record).await;
        };
        record.needs = route.target.needs;
        if record.needs.path_groups {
            let router = &self.place.1.router;
            record.path_groups = router.groups(self.site.index, route.index, &path);
        }
        if slash {
            let direct = Direct::with_slash(&path, head);
            let answer = (direct, &route.target);
            return self.answer(client, head, answer, record).await;
        }
        let brought = Brought {
            kept: to.map_or(&[], |to| &to.kept),
            body,
        };
        self.act(client, &asked, (route, brought), record).await
    }

    /// What is answered whatever the routes say, if anything.
    async fn before_routes(
        &self,
        client: &Client,
        head: &RequestHead<'_>,
    ) -> Option<Result<Direct, Reason>> {
        if self.place.1.acme.is_some() {
            // Authorities come without TLS and without a password.
            if let Some(direct) = Box::pin(proof(self.place.1, head)).await {
                return Some(Ok(direct));
            }
        }
        let port = self.site.https_only.filter(|_| client.scheme == "http")?;
        Some(match https_only::redirect(head, port) {
            Some((status, url)) => Ok(Direct::to(status, url.as_bytes())),
            None => Err(Reason::HOST_MISSING),
        })
    }

    /// The route for a request, if nothing is to be done before it.
    fn choose(&self, asked: &Asked<'_, '_>, client: &Client, record: &mut Record) -> Choice {
        let (site, router) = (self.site, &self.place.1.router);
        router.choose(site.index, asked, |route, text, groups| {
            let route = route.and_then(|route| site.route(route));
            let target = route.map_or(&site.unrouted, |route| &route.target);
            record.needs = target.needs;
            let subject = Subject::of(target, asked.head);
            record.render_with(self.place.0, text, (&subject, client), Some(groups))
        })
    }

    /// Does what the route says.
    async fn act(
        &mut self,
        client: &mut Client,
        asked: &Asked<'_, '_>,
        (route, brought): (&'s Route, Brought<'_>),
        record: &mut Record,
    ) -> Turn<'s> {
        let (head, target) = (asked.head, &route.target);
        if let Some(policy) = &route.policy {
            // Boxed, because few routes have a policy, and it waits in many ways.
            let asked = (head, self.site, route);
            let passes = gate::pass(self.place, client, asked, policy, record);
            match Box::pin(passes).await {
                Ok(waited) => self.begun = waited.unwrap_or(self.begun),
                Err(Held::Gone) => {
                    record.gone();
                    return Turn::Answered(After::Close, (target, None));
                }
                Err(Held::Answered(direct)) => {
                    return self.answer(client, head, (direct, target), record).await;
                }
            }
        }
        if must_switch(client, &head.upgrade) && succeeds(&route.action) {
            let reason = Reason::NOTHING_TO_SWITCH;
            return self.refuse(client, head, reason, target, record).await;
        }
        match &route.action {
            Action::Proxy(proxy) => {
                let to = (route, proxy, brought);
                self.proxy(client, asked, to, record).await
            }
            Action::ProxyBy(by) => {
                let subject = Subject::of(target, head);
                let name = record.render(self.place.0, &by.name, &subject, client);
                let name = String::from_utf8_lossy(&name);
                let Some(proxy) = by.proxies.get(&*name) else {
                    let reason = Reason::UPSTREAM_UNKNOWN;
                    return self.refuse(client, head, reason, target, record).await;
                };
                let to = (route, proxy, brought);
                self.proxy(client, asked, to, record).await
            }
            Action::Respond(respond) => {
                let subject = Subject::of(target, head);
                let direct = Direct::of(self.place.0, respond, &subject, client, record);
                self.answer(client, head, (direct, target), record).await
            }
            Action::Status => {
                let direct = Direct::status_page(head.method, &self.place.0.edge);
                self.answer(client, head, (direct, target), record).await
            }
            Action::Files(files) => {
                let of = (target, head, asked.path);
                let search = Search::new(self.place.0, files, of, client, record);
                self.files(client, asked, (search, target), record).await
            }
        }
    }

    /// Goes on with the path that a rule has made, one of the site or of a route.
    async fn go_on(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (rewritten, route): (Rewritten, Option<&'s Route>),
        record: &mut Record,
    ) -> Turn<'s> {
        let stays = match rewritten.then {
            Then::Redirect(status) => {
                let target = route.map_or(&self.site.unrouted, |route| &route.target);
                let direct = Direct::to(status, rewritten.target.as_bytes());
                return self.answer(client, asked, (direct, target), record).await;
            }
            Then::Break => true,
            Then::Last => false,
        };
        Turn::Onward(Onward {
            target: rewritten.target,
            route: route.filter(|_| stays).map(|route| route.index),
            // After a rule of a route those of the site are asked again, as in nginx.
            rewritten: stays || route.is_none(),
            ..Onward::default()
        })
    }

    async fn proxy(
        &mut self,
        client: &mut Client,
        asked: &Asked<'_, '_>,
        (route, proxy, brought): (&'s Route, &'s Proxy, Brought<'_>),
        record: &mut Record,
    ) -> Turn<'s> {
        // Of a path that others have chosen nothing is replaced, as in nginx after `break`.
        let uri = proxy.terms.uri.as_ref();
        let uri = uri.filter(|_| asked.route.is_none());
        let head = asked.head;
        let subject = Subject::of(&route.target, head);
        let render = |text: &Template| record.render(self.place.0, text, &subject, client);
        let replaced = match uri.map(|uri| uri.apply((asked.path, head.target), render)) {
            Some(None) => {
                let (reason, target) = (Reason::TARGET_INVALID, &route.target);
                return self.refuse(client, head, reason, target, record).await;
            }
            replaced => replaced.flatten(),
        };
        let mut exchange = Exchange {
            worker: self.place.0,
            client,
            head,
            site: self.site,
            route,
            proxy,
            target: replaced.as_deref().unwrap_or(head.target),
            kept: brought.kept,
            status: self.status,
            intercepts: route.target.terms.intercept_errors && !self.paged,
            begun: self.begun,
            record,
        };
        let (ended, taken) = exchange.run(self.arrived, brought.body).await;
        self.used += taken;
        let owner = (&route.target, Some(&*proxy.upstream));
        match ended {
            Ended::Answered(after) => Turn::Answered(after, owner),
            Ended::Switched(switched) => Turn::Switched(switched, owner),
            Ended::Redirected(redirect) => {
                self.has_read_the_body();
                Turn::Onward(Onward {
                    target: redirect.target,
                    bare: true,
                    kept: redirect.kept,
                    ..Onward::default()
                })
            }
            Ended::Refused(refusal, body) => {
                let refused = (refusal, body);
                self.give_up(client, head, refused, owner, record).await
            }
        }
    }

    async fn files(
        &mut self,
        client: &mut Client,
        &Asked { head, path, .. }: &Asked<'_, '_>,
        (search, target): (Search<'_>, &'s Target),
        record: &mut Record,
    ) -> Turn<'s> {
        let unread = Unread::of(head, self.arrived);
        let form = Form {
            site: self.site,
            status: self.status,
            complete: unread.is_short(),
        };
        let sent = search.send(self.place, client, head, (target, form), record);
        match sent.await {
            Ok(after) => {
                self.used += unread.arrived;
                let after = unread.read_over(self.place, client, after).await;
                Turn::Answered(after, (target, None))
            }
            Err(Missed::Refused(direct)) => {
                self.answer(client, head, (direct, target), record).await
            }
            Err(Missed::Slash) => {
                let direct = Direct::with_slash(path, head);
                self.answer(client, head, (direct, target), record).await
            }
            Err(Missed::Path(path)) => Turn::Onward(Onward {
                target: path,
                ..Onward::default()
            }),
            Err(Missed::Go(destination)) => {
                let to = (destination, None, None);
                self.go_to(client, head, to, target, record).await
            }
        }
    }
}

/// Whether what a route does itself is a success, and no server is asked.
fn succeeds(action: &Action) -> bool {
    match action {
        Action::Proxy(_) | Action::ProxyBy(_) => false,
        Action::Respond(respond) => (200..300).contains(&respond.status),
        Action::Files(_) | Action::Status => true,
    }
}
