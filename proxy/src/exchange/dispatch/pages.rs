//! Answers in place of what was asked for: refusals, pages for errors, and where the configuration
//! sends a request instead.

use std::time::Instant;

use edge_core::error_page::{Destination, ErrorPage, PageStatus};
use edge_core::http::{BodyLength, RequestHead};
use edge_core::reason::Reason;

use super::super::body::Body;
use super::super::local::{Direct, Refusal, Unread, refuse, target_of};
use super::super::record::{Record, Subject};
use super::super::{After, Owner};
use super::{Onward, Turn, Way};
use crate::client::Client;
use crate::snapshot::Target;

impl<'s> Way<'_, 's> {
    /// The rest of the request finds its body read.
    pub(super) fn has_read_the_body(&mut self) {
        self.arrived = &[];
        self.begun = Instant::now();
    }

    /// The page for an error, unless it is one for a page.
    fn page(&self, reason: Reason, target: &'s Target) -> Option<&'s ErrorPage> {
        let pages = &target.terms.error_pages;
        (!self.paged).then(|| pages.find(reason.status)).flatten()
    }

    /// Says why there is no answer, or gives the page for that.
    pub(super) async fn refuse(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        reason: Reason,
        target: &'s Target,
        record: &mut Record,
    ) -> Turn<'s> {
        let direct = Direct::refusing(reason);
        self.answer(client, asked, (direct, target), record).await
    }

    /// Answers a request whose body nobody reads, or gives the page for the status.
    pub(super) async fn answer(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (direct, target): (Direct, &'s Target),
        record: &mut Record,
    ) -> Turn<'s> {
        let unread = Unread::of(asked, self.arrived);
        if let Some(reason) = direct.error()
            && let Some(page) = self.page(reason, target)
        {
            self.used += unread.arrived;
            if unread.is_short() {
                if unread.read_over(self.place, client, After::Next).await == After::Close {
                    return Turn::Answered(After::Close, (target, None));
                }
            } else {
                self.unread = true;
            }
            self.has_read_the_body();
            return self
                .go_to_page(client, asked, (page, reason, None), target, record)
                .await;
        }
        record.request_length += unread.arrived as u64;
        self.used += unread.arrived;
        let subject = Subject::of(target, asked);
        let how = (unread.is_short(), self.status);
        let after = direct.send(self.place, client, subject, how, record).await;
        let after = unread.read_over(self.place, client, after).await;
        Turn::Answered(after, (target, None))
    }

    /// Says why no server could answer, or gives the page for that.
    pub(super) async fn give_up(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (refusal, body): (Refusal, Option<Body>),
        owner: Owner<'s>,
        record: &mut Record,
    ) -> Turn<'s> {
        if let Some(page) = self.page(refusal.reason, owner.0) {
            self.unread |= !refusal.complete;
            self.has_read_the_body();
            let page = (page, refusal.reason, body);
            return self.go_to_page(client, asked, page, owner.0, record).await;
        }
        let subject = Subject {
            upstream: owner.1,
            ..Subject::of(owner.0, asked)
        };
        let after = refuse(self.place, client, subject, refusal, record).await;
        Turn::Answered(after, owner)
    }

    /// Gives the page for an error.
    async fn go_to_page(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (page, reason, body): (&'s ErrorPage, Reason, Option<Body>),
        target: &'s Target,
        record: &mut Record,
    ) -> Turn<'s> {
        self.paged = true;
        record.refused(reason);
        self.status = page.status.for_error(reason.status);
        let status = match page.status {
            PageStatus::Is(status) => Some(status),
            PageStatus::OfError | PageStatus::Own => None,
        };
        if matches!(page.to, Destination::Url(_)) {
            self.status = None;
        }
        let to = (&page.to, status, body);
        match self.go_to(client, asked, to, target, record).await {
            // The body has been read, and goes only where the request goes as it is.
            Turn::Onward(onward) => {
                let lost = asked.body != BodyLength::Empty && onward.body.is_none();
                Turn::Onward(Onward {
                    bare: onward.route.is_none() || lost,
                    ..onward
                })
            }
            ended @ (Turn::Answered(..) | Turn::Switched(..)) => ended,
        }
    }

    /// Goes on where the configuration says.
    pub(super) async fn go_to(
        &mut self,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (to, status, body): (&Destination, Option<u16>, Option<Body>),
        target: &'s Target,
        record: &mut Record,
    ) -> Turn<'s> {
        let subject = Subject::of(target, asked);
        let path = match to {
            Destination::Named(name) => {
                return Turn::Onward(Onward {
                    target: asked.target.to_owned(),
                    route: self.place.1.router.named(self.site.index, name),
                    body,
                    ..Onward::default()
                });
            }
            Destination::Url(url) => {
                let url = record.render(self.place.0, url, &subject, client);
                let direct = Direct::to(status.unwrap_or(302), &url);
                let subject = Subject::of(target, asked);
                let how = (!self.unread, None);
                let after = direct.send(self.place, client, subject, how, record).await;
                return Turn::Answered(after, (target, None));
            }
            Destination::Path(path) => record.render(self.place.0, path, &subject, client),
        };
        Turn::Onward(Onward {
            target: target_of(&path),
            ..Onward::default()
        })
    }
}
