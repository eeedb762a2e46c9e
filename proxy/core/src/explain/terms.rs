//! What holds for the requests of a route: who may ask, how much, which lines, which log.

use settings::{Period, Size};

use super::{At, Explanation};
use crate::config::Action;
use crate::encoding::Compression;
use crate::error_page::PageStatus;
use crate::expires::Expires;
use crate::forward::Forwarding;
use crate::headers::Rules;

impl At<'_> {
    pub(super) fn say_terms(&self, said: &mut Explanation) {
        let terms = &self.route.terms;
        self.say_policy(said);
        said.push((
            "body",
            match terms.max_body {
                Some(most) => format!("up to {} (max_body)", Size(most)),
                None => "of any length (max_body = 0)".to_owned(),
            },
        ));
        let forwarding = match terms.forwarding {
            Forwarding::Usual => "X-Real-IP, X-Forwarded-For, X-Forwarded-Proto",
            Forwarding::Forwarded => "Forwarded",
            Forwarding::Both => "X-Real-IP, X-Forwarded-For, X-Forwarded-Proto, Forwarded",
        };
        if matches!(self.route.action, Action::Proxy(_)) {
            said.push(("client told by", forwarding.to_owned()));
        }
        self.say_lines("request header", &terms.request_headers, said);
        self.say_lines("response header", &terms.response_headers, said);
        if let Some(hsts) = &terms.browser.hsts {
            let line = format!("Strict-Transport-Security: {hsts} (to who came by https)");
            said.push(("response header", line));
        }
        for (name, value) in terms.browser.defaults {
            let line = format!("{name}: {value} (unless the answer has one)");
            said.push(("response header", line));
        }
        let expires = terms.expires.as_ref();
        if let Some(expires) = expires.and_then(|expires| expires.of(|text| self.bytes(text))) {
            said.push(("expires", expires_in_words(expires)));
        }
        if let Some(compression) = &self.case.site.1.compression {
            said.push(("compression", in_words(compression)));
        }
        for (statuses, page) in terms.error_pages.iter() {
            let status = match page.status {
                PageStatus::OfError => "the status of the error".to_owned(),
                PageStatus::Own => "its own status".to_owned(),
                PageStatus::Is(status) => status.to_string(),
            };
            let to = self.destination(&page.to);
            let of = match (statuses.start(), statuses.end()) {
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}-{last}"),
            };
            said.push(("error page", format!("{of}: {to}, with {status}")));
        }
        said.push((
            "log",
            match &terms.access_log {
                Some(log) => self.disk_path(&log.path),
                None => "nowhere".to_owned(),
            },
        ));
    }

    /// The lines that the configuration changes, as they are for this request.
    fn say_lines(&self, title: &'static str, rules: &Rules, said: &mut Explanation) {
        for (name, text) in &rules.set {
            said.push((title, format!("{name}: {}", self.text(text))));
        }
        for (name, text) in &rules.add {
            said.push((title, format!("+ {name}: {}", self.text(text))));
        }
        for name in &rules.remove {
            said.push((title, format!("- {name}")));
        }
    }
}

fn in_words(compression: &Compression) -> String {
    let offers = compression.offers.iter();
    let offers: Vec<_> = offers
        .map(|offer| format!("{} {}", offer.coding.name(), offer.level))
        .collect();
    format!(
        "{} from {} for {}",
        offers.join(", "),
        Size(compression.min_length),
        compression.types.join(", ")
    )
}

fn expires_in_words(expires: Expires) -> String {
    match expires {
        Expires::In(time) => format!("in {}", Period(time)),
        Expires::AtOnce => "at once: clients ask again each time".to_owned(),
        Expires::Never => "never".to_owned(),
    }
}
