//! Who may ask, and how often.

use super::{At, Explanation};
use crate::address::Peer;
use crate::config::{Policy, RateLimit};
use crate::cors::Origins;

impl At<'_> {
    pub(super) fn say_policy(&self, said: &mut Explanation) {
        let policy = &self.route.terms.policy;
        let limits = policy.limits.iter();
        for limit in limits.filter_map(|index| self.case.config.rate_limits.get(*index)) {
            said.push(("rate limit", self.limit(limit)));
        }
        said.push(("access", self.access(policy)));
        if let Some(basic) = &policy.basic_auth {
            let file = self.disk_path(&basic.users_file);
            said.push(("name", format!("one of {file}, with its password")));
        }
        if let Some(forward) = &policy.forward_auth {
            let upstream = self.case.config.upstreams.get(forward.upstream);
            let name = upstream.map_or("", |upstream| upstream.name.as_str());
            let uri = &forward.uri;
            said.push(("asked first", format!("{name}, for {uri}")));
        }
        if let Some(cors) = &policy.cors {
            let whose = match &cors.origins {
                Origins::Any => "everybody's pages".to_owned(),
                Origins::These(origins) => {
                    let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
                    format!("pages of {}", origins.join(", "))
                }
            };
            said.push(("read by", whose));
        }
    }

    fn limit(&self, limit: &RateLimit) -> String {
        let RateLimit {
            name,
            written,
            burst,
            dry_run,
            ..
        } = limit;
        let key = match &limit.key {
            None => self.case.question.client.1.to_owned(),
            Some(key) => match self.text(key) {
                text if text.is_empty() => return format!("{name}: no key, so it is not counted"),
                text => format!("{text:?}"),
            },
        };
        let dry = if *dry_run { "; it only counts" } else { "" };
        let at_once = burst.at_once;
        let burst = match burst.size {
            0 => String::new(),
            size => format!(", {size} early, of them {at_once} at once"),
        };
        format!("{name}: {written}{burst}, by {key}{dry}")
    }

    fn access(&self, policy: &Policy) -> String {
        let (ip, address) = self.case.question.client;
        let (access, peer) = (&policy.access, Peer::Ip(ip));
        let asks_who = policy.basic_auth.is_some() || policy.forward_auth.is_some();
        if policy.satisfy_any && asks_who {
            if access.vouches_for(peer) {
                return format!("{address} may ask, whoever it is");
            }
            return format!("{address} may ask if it is known");
        }
        if access.admits(peer) {
            format!("{address} may ask")
        } else {
            format!("403 access_denied: {address} may not ask")
        }
    }
}
