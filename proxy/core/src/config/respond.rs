//! Answers that the configuration makes itself (nginx's `return`), from written to meant.

use settings::{Place, Problems};

use super::{checks, file};
use crate::template::{Needs, Scope, Template};

/// An answer that the configuration makes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Respond {
    /// Its status; 444 closes the connection without an answer, as in nginx.
    pub status: u16,
    /// Where the client is sent.
    pub location: Option<Template>,
    /// Media type and content; without it the edge's own page for the status.
    pub content: Option<(String, Template)>,
}

impl Respond {
    /// What its texts need.
    pub fn needs(&self) -> Needs {
        let content = self.content.as_ref().map(|(_, content)| content);
        let texts = self.location.iter().chain(content);
        texts
            .map(Template::needs)
            .fold(Needs::default(), Needs::and)
    }
}

/// The statuses that send a client elsewhere.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

pub(super) fn redirect(
    written: &file::Redirect,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<Respond> {
    let (to, status, at) = match written {
        file::Redirect::To(to) => (to, 302, at.clone()),
        file::Redirect::With(with) => {
            if !REDIRECTS.contains(&with.status) {
                problems.push_with_help(
                    &at.key("status"),
                    format!("{} is no status of a redirect", with.status),
                    "301 or 308 for good, 302 or 307 for now, 303 after a form",
                );
            }
            (&with.to, with.status, at.key("to"))
        }
    };
    if to.is_empty() {
        problems.push_with_help(
            &at,
            "the redirect leads nowhere",
            "\"https://$host$request_uri\"",
        );
    }
    Some(Respond {
        status,
        location: Some(checks::template(scope, to, &at, problems)?),
        content: None,
    })
}

pub(super) fn respond(
    written: &file::Respond,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<Respond> {
    let status = written.status;
    if REDIRECTS.contains(&status) {
        problems.push_with_help(
            &at.key("status"),
            format!("{status} does not say where to"),
            "redirect = { to = \"...\", status = ... }",
        );
    } else if !(200..600).contains(&status) {
        problems.push(&at.key("status"), format!("{status} is no final status"));
    }
    let content = match &written.text {
        None => None,
        Some(_) if matches!(status, 204 | 205 | 304 | 444) => {
            problems.push(&at.key("text"), format!("{status} has no content"));
            None
        }
        Some(text) => Some(checks::template(scope, text, &at.key("text"), problems)?),
    };
    checks::media_type(&written.media_type, &at.key("type"), problems);
    Some(Respond {
        status,
        location: None,
        content: content.map(|content| (written.media_type.clone(), content)),
    })
}
