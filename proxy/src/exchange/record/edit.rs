//! What is said about the header lines of the messages that a request leads to.

use edge_core::headers::Edit;

use super::{Record, Subject};
use crate::client::Client;
use crate::worker::Worker;

impl Record {
    /// What the configuration says about the header lines of a request to a server.
    pub(in crate::exchange) fn edit_request<'a>(
        &'a self,
        worker: &Worker,
        subject: &Subject<'a>,
        client: &Client,
    ) -> Edit<'a> {
        let rules = &subject.target.terms.request_headers;
        let mut edit = if rules.is_empty() {
            Edit::default()
        } else {
            rules.edit(|text| self.render(worker, text, subject, client))
        };
        let lines = self.passed_on.iter();
        edit.also_set(lines.map(|(name, value)| (name.as_str(), value.clone())));
        edit
    }

    /// What it says about those of an answer with this status.
    pub(in crate::exchange) fn edit_answer<'a>(
        &self,
        worker: &Worker,
        status: u16,
        subject: &Subject<'a>,
        client: &Client,
    ) -> Edit<'a> {
        let terms = &subject.target.terms;
        let mut edit = if terms.response_headers.is_empty() {
            Edit::default()
        } else {
            let rules = &terms.response_headers;
            rules.edit(|text| self.render(worker, text, subject, client))
        };
        let expires = terms.expires.as_ref();
        let expires =
            expires.and_then(|by| by.of(|text| self.render(worker, text, subject, client)));
        if let Some(expires) = expires {
            let (_, millis) = worker.clock.now();
            edit.also_set(expires.lines(status, millis / 1000).into_iter().flatten());
        }
        // RFC 6797 §7.2: only over HTTPS.
        let hsts = terms.browser.hsts.as_ref();
        if let Some(hsts) = hsts.filter(|_| client.scheme == "https") {
            edit.also_set([("Strict-Transport-Security", hsts.clone())]);
        }
        edit.also_set(self.lines.iter().cloned());
        edit.also_set(self.cors.lines.iter().cloned());
        edit.hidden = self.cors.hidden;
        edit.vary = self.cors.vary;
        edit.defaults = terms.browser.defaults;
        edit
    }
}
