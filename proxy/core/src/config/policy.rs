//! Who may ask, and how often: from written to meant. What a route says takes the place of what it
//! stands in says.

use settings::{Place, Problems};

use super::names::Names;
use super::{BasicAuth, ForwardAuth, auth, browser, checks, file, rate_limit};
use crate::access::Access;
use crate::cors::Cors;

/// Who may ask, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Places of rate limits in [`Config::rate_limits`](super::Config::rate_limits), ascending.
    pub limits: Vec<usize>,
    /// Who may ask, by address.
    pub access: Access,
    /// Who may ask, by name and password.
    pub basic_auth: Option<BasicAuth>,
    /// Who may ask, by the word of a service.
    pub forward_auth: Option<ForwardAuth>,
    /// Whether it is enough to have an address that is allowed, or a name, or that word.
    pub satisfy_any: bool,
    /// Which pages of other sites may read answers.
    pub cors: Option<Cors>,
}

impl Policy {
    /// Whether everybody may ask as often as they like.
    pub fn is_open(&self) -> bool {
        let Self {
            limits,
            access,
            basic_auth,
            forward_auth,
            satisfy_any: _,
            cors,
        } = self;
        limits.is_empty()
            && *access == Access::default()
            && basic_auth.is_none()
            && forward_auth.is_none()
            && cors.is_none()
    }
}

/// What a site says.
pub(super) fn of_site(
    written: &file::Site,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Policy {
    let mut networks = |list: &[String], key| checks::networks(list, &at.key(key), problems);
    let access = Access {
        allow: networks(&written.allow, "allow"),
        deny: networks(&written.deny, "deny"),
    };
    let limits = &at.key("limits");
    Policy {
        limits: rate_limit::named(&written.limits, names.rate_limits, limits, problems),
        access,
        basic_auth: auth::basic(
            written.basic_auth.as_ref(),
            (None, names),
            &at.key("basic_auth"),
            problems,
        ),
        forward_auth: auth::forward(
            written.forward_auth.as_ref(),
            (None, names),
            &at.key("forward_auth"),
            problems,
        ),
        satisfy_any: written.satisfy == file::Satisfy::Any,
        cors: browser::cors(written.cors.as_ref(), None, &at.key("cors"), problems),
    }
}

/// What a route says, or else its outer.
pub(super) fn of_route(
    written: &file::Route,
    (outer, names): (&Policy, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Policy {
    Policy {
        limits: match &written.limits {
            Some(limits) => {
                rate_limit::named(limits, names.rate_limits, &at.key("limits"), problems)
            }
            None => outer.limits.clone(),
        },
        access: access(written, &outer.access, at, problems),
        basic_auth: auth::basic(
            written.basic_auth.as_ref(),
            (outer.basic_auth.as_ref(), names),
            &at.key("basic_auth"),
            problems,
        ),
        forward_auth: auth::forward(
            written.forward_auth.as_ref(),
            (outer.forward_auth.as_ref(), names),
            &at.key("forward_auth"),
            problems,
        ),
        satisfy_any: written
            .satisfy
            .map_or(outer.satisfy_any, |satisfy| satisfy == file::Satisfy::Any),
        cors: browser::cors(
            written.cors.as_ref(),
            outer.cors.as_ref(),
            &at.key("cors"),
            problems,
        ),
    }
}

fn access(written: &file::Route, outer: &Access, at: &Place, problems: &mut Problems) -> Access {
    if written.allow.is_none() && written.deny.is_none() {
        return outer.clone();
    }
    let mut networks = |list: &Option<Vec<String>>, key: &str| {
        let list = list.as_deref().unwrap_or_default();
        checks::networks(list, &at.key(key), problems)
    };
    Access {
        allow: networks(&written.allow, "allow"),
        deny: networks(&written.deny, "deny"),
    }
}
