//! What the routes of a site have from it, and from one another, from written to meant.

use settings::{Place, Problems, Size};

use super::names::Names;
use super::{Browser, Terms, access_log, checks, file, headers, policy, rewrite};
use crate::expires::{Expires, Expiry};
use crate::headers::Rules;

impl Terms {
    /// What holds for a site, and for its routes unless they say something else.
    pub(super) fn of_site(
        written: &file::Site,
        names: &Names<'_>,
        at: &Place,
        problems: &mut Problems,
    ) -> Self {
        let none = Rules::default();
        let scope = &names.scope;
        let mut rules =
            |written, key| headers::meant(written, &none, scope, &at.key(key), problems);
        let request_headers = rules(&written.request_headers, "request_headers");
        let response_headers = rules(&written.response_headers, "response_headers");
        let log = access_log::meant(&written.access_log, scope, &at.key("access_log"), problems);
        let pages = &written.error_page;
        Self {
            access_log: log,
            max_body: most(written.max_body),
            policy: policy::of_site(written, names, at, problems),
            forwarding: written.forwarding.into(),
            request_headers,
            response_headers,
            browser: Browser::meant(
                (written.hsts.as_ref(), Some(written.security_headers)),
                &Browser::default(),
                at,
                problems,
            ),
            error_pages: rewrite::error_pages(pages, names, &at.key("error_page"), problems),
            intercept_errors: written.intercept_errors,
            expires: expires(
                written.expires.as_deref(),
                (None, names),
                &at.key("expires"),
                problems,
            ),
        }
    }

    /// What holds for a route that stands inside of what these hold for.
    pub(super) fn within(
        &self,
        written: &file::Route,
        names: &Names<'_>,
        at: &Place,
        problems: &mut Problems,
    ) -> Self {
        let scope = &names.scope;
        let mut rules =
            |written, outer, key| headers::meant(written, outer, scope, &at.key(key), problems);
        let request_headers = rules(
            &written.request_headers,
            &self.request_headers,
            "request_headers",
        );
        let response_headers = rules(
            &written.response_headers,
            &self.response_headers,
            "response_headers",
        );
        let pages = &written.error_page;
        let pages = rewrite::error_pages(pages, names, &at.key("error_page"), problems);
        let log = written.access_log.as_ref();
        Self {
            access_log: log.map_or_else(
                || self.access_log.clone(),
                |own| access_log::meant(own, scope, &at.key("access_log"), problems),
            ),
            max_body: written.max_body.map_or(self.max_body, most),
            policy: policy::of_route(written, (&self.policy, names), at, problems),
            forwarding: written.forwarding.map_or(self.forwarding, Into::into),
            request_headers,
            response_headers,
            browser: Browser::meant(
                (written.hsts.as_ref(), written.security_headers),
                &self.browser,
                at,
                problems,
            ),
            error_pages: pages.within(&self.error_pages),
            intercept_errors: written.intercept_errors.unwrap_or(self.intercept_errors),
            expires: expires(
                written.expires.as_deref(),
                (self.expires.as_ref(), names),
                &at.key("expires"),
                problems,
            ),
        }
    }
}

/// A limit, of which 0 is none.
fn most(Size(limit): Size) -> Option<u64> {
    Some(limit).filter(|limit| *limit > 0)
}

/// How long clients may keep answers: what is written, or else what holds around it.
fn expires(
    written: Option<&str>,
    (outer, names): (Option<&Expiry>, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<Expiry> {
    let Some(text) = written else {
        return outer.cloned();
    };
    if text.contains('$') {
        return checks::template(&names.scope, text, at, problems).map(Expiry::By);
    }
    let expires = Expires::parse(text);
    if expires.is_none() {
        problems.push_with_help(
            at,
            format!("`{text}` does not say how long an answer may be kept"),
            "\"30d\", \"max\", \"epoch\" or \"off\"",
        );
    }
    expires.flatten().map(Expiry::Fixed)
}
