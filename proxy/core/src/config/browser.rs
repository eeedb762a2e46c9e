//! What browsers are told: from written to meant.

use std::time::Duration;

use settings::{Period, Place, Problems};

use super::file;
use crate::cors::{Cors, Origin, Origins};
use crate::http::is_token;

/// What answers tell browsers unless something else is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Browser {
    /// The value of Strict-Transport-Security, for clients that have come by HTTPS.
    pub hsts: Option<String>,
    /// Lines for when there is none of their name.
    pub defaults: &'static [(&'static str, &'static str)],
}

/// The least that is worth saying. Nothing that could break a page: a content policy, permissions and
/// isolation are a site's own matter.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
];

impl Browser {
    /// What a site or route says, or else what holds `outside`.
    pub(super) fn meant(
        (hsts, security): (Option<&file::Hsts>, Option<bool>),
        outside: &Self,
        at: &Place,
        problems: &mut Problems,
    ) -> Self {
        Self {
            hsts: match hsts {
                None => outside.hsts.clone(),
                Some(written) => self::hsts(written, &at.key("hsts"), problems),
            },
            defaults: match security {
                None => outside.defaults,
                Some(true) => SECURITY_HEADERS,
                Some(false) => &[],
            },
        }
    }
}

fn hsts(written: &file::Hsts, at: &Place, problems: &mut Problems) -> Option<String> {
    let written = match written {
        file::Hsts::Switch(false) => return None,
        file::Hsts::Switch(true) => {
            let help = "hsts = { max_age = \"365d\" }";
            problems.push_with_help(at, "`true` does not say for how long", help);
            return None;
        }
        file::Hsts::For(written) => written,
    };
    let Period(max_age) = written.max_age;
    let year = Duration::from_hours(365 * 24);
    if written.preload && (!written.include_subdomains || max_age < year) {
        problems.push_with_help(
            &at.key("preload"),
            "browsers build it in only for a year at least and with all host names below",
            "max_age = \"365d\", include_subdomains = true",
        );
    }
    let mut value = format!("max-age={}", max_age.as_secs());
    for (is_said, word) in [
        (written.include_subdomains, "; includeSubDomains"),
        (written.preload, "; preload"),
    ] {
        value.push_str(if is_said { word } else { "" });
    }
    Some(value)
}

/// What a site or route says, or else what holds `outside`.
pub(super) fn cors(
    written: Option<&file::Cors>,
    outside: Option<&Cors>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Cors> {
    let written = match written {
        None => return outside.cloned(),
        Some(file::Cors::Switch(false)) => return None,
        Some(file::Cors::Switch(true)) => {
            let help = "cors = { origins = [\"https://app.example.com\"] }";
            problems.push_with_help(at, "`true` does not say whose pages", help);
            return None;
        }
        Some(file::Cors::For(written)) => written,
    };
    let mut list = |names: &[String], key: &str| {
        let at = at.key(key);
        for (index, name) in names.iter().enumerate() {
            if !is_token(name) {
                let message = format!("`{name}` is no word of HTTP");
                problems.push(&at.index(index), message);
            } else if name == "*" && written.credentials {
                problems.push_with_help(
                    &at.index(index),
                    "with `credentials`, browsers take `*` for a name and not for all",
                    "name them",
                );
            }
        }
        names.join(", ")
    };
    let methods = list(&written.methods, "methods");
    let headers = list(&written.headers, "headers");
    let expose = list(&written.expose, "expose");
    Some(Cors {
        origins: origins(written, at, problems),
        methods,
        headers,
        expose,
        credentials: written.credentials,
        max_age: written.max_age.map(|Period(time)| time.as_secs()),
    })
}

fn origins(written: &file::CorsFor, at: &Place, problems: &mut Problems) -> Origins {
    let (any, credentials) = (|text: &String| text == "*", at.key("credentials"));
    let at = &at.key("origins");
    if written.origins.is_empty() {
        let help = "cors = false leaves it to the servers";
        problems.push_with_help(at, "nobody's pages may read answers", help);
    }
    if !written.origins.iter().any(any) {
        let origins = written.origins.iter().enumerate();
        let origins = origins.filter_map(|(index, text)| origin(text, &at.index(index), problems));
        return Origins::These(origins.collect());
    }
    if written.origins.len() > 1 {
        problems.push(at, "`*` stands alone");
    }
    if written.credentials {
        problems.push_with_help(
            &credentials,
            "everybody's pages could do everything in the user's name",
            "name the origins",
        );
    }
    Origins::Any
}

/// What a browser would write for an origin, or with `*.` before its domain.
fn origin(text: &str, at: &Place, problems: &mut Problems) -> Option<Origin> {
    let mut wrong = |message: String, help: &str| {
        problems.push_with_help(at, message, help);
        None
    };
    let example = "\"https://app.example.com\", \"https://*.example.com\"";
    let Some((scheme, host)) = text.split_once("://") else {
        return wrong(format!("`{text}` is no origin"), example);
    };
    if host.contains('/') {
        return wrong(format!("`{text}`: an origin has no path"), example);
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let lower = format!("\"{}\"", text.to_ascii_lowercase());
        return wrong(
            format!("`{text}`: browsers write origins in lower case"),
            &lower,
        );
    }
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return wrong(format!("`{text}` is neither http nor https"), example),
    };
    if let Some(short) = text.strip_suffix(default) {
        let help = format!("\"{short}\"");
        return wrong(
            format!("`{text}`: browsers leave the usual port out"),
            &help,
        );
    }
    let (name, wildcard) = host
        .strip_prefix("*.")
        .map_or((host, false), |name| (name, true));
    let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(&byte);
    if name.is_empty() || !name.bytes().all(of_host) {
        return wrong(format!("`{text}` is no origin"), example);
    }
    Some(if wildcard {
        Origin::Between(format!("{scheme}://"), format!(".{name}"))
    } else {
        Origin::Is(text.to_owned())
    })
}
