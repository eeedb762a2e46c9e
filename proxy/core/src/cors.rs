//! Which pages of other sites may read answers: cross-origin resource sharing (the Fetch standard,
//! §3.2).
//!
//! A browser asks before it sends what a form could not have sent (a preflight), and keeps an answer
//! from a page of another origin unless the answer lets that origin have it. The edge says both
//! itself, so what servers say of it does not go on.

use std::fmt;

use crate::headers::Own;
use crate::http::{Method, RequestHead};

/// Which pages of other sites may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Whose pages.
    pub origins: Origins,
    /// The methods that they may use besides those of forms, as a list.
    pub methods: String,
    /// The request headers that they may set besides those of forms, as a list.
    pub headers: String,
    /// The response headers that they may read besides the usual ones, as a list.
    pub expose: String,
    /// Whether they may ask in the name of the user, with cookies.
    pub credentials: bool,
    /// For how many seconds a browser need not ask again.
    pub max_age: Option<u64>,
}

/// Whose pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Everybody's.
    Any,
    /// Those of these origins.
    These(Vec<Origin>),
}

/// An origin, or all below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This one.
    Is(String),
    /// Each that begins and ends so, with labels of a host name between.
    Between(String, String),
}

/// Header lines of servers that do not go on.
const HIDDEN: &[&str] = &[
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
];

impl Cors {
    /// What an answer to this request says.
    pub fn answer(&self, head: &RequestHead<'_>) -> Own {
        let mut own = self.own(head);
        if !own.lines.is_empty() && !self.expose.is_empty() {
            let expose = self.expose.clone();
            own.lines.push(("Access-Control-Expose-Headers", expose));
        }
        own
    }

    /// What the answer to this preflight says; `None` if the request is none.
    pub fn preflight(&self, head: &RequestHead<'_>) -> Option<Own> {
        head.header("access-control-request-method")
            .filter(|_| head.method == Method::Options && head.header("origin").is_some())?;
        let mut own = self.own(head);
        if !own.lines.is_empty() {
            own.lines.extend(self.allowed());
        }
        Some(own)
    }

    /// What a page may do.
    fn allowed(&self) -> impl Iterator<Item = (&'static str, String)> {
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let lists = [
            ("Access-Control-Allow-Methods", self.methods.clone()),
            ("Access-Control-Allow-Headers", self.headers.clone()),
            ("Access-Control-Max-Age", max_age.unwrap_or_default()),
        ];
        lists.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// Whether the page that asks may have the answer.
    fn own(&self, head: &RequestHead<'_>) -> Own {
        let mut own = Own {
            hidden: HIDDEN,
            ..Own::default()
        };
        let allowed = match &self.origins {
            Origins::Any => Some("*"),
            Origins::These(origins) => {
                // Also in the answer to somebody else, which a cache may give to this one.
                own.vary = Some("Origin");
                let origin = head.header("origin");
                origin.filter(|origin| origins.iter().any(|one| one.is(origin)))
            }
        };
        if let Some(origin) = allowed {
            let origin = origin.to_owned();
            own.lines.push(("Access-Control-Allow-Origin", origin));
            if self.credentials {
                let yes = "true".to_owned();
                own.lines.push(("Access-Control-Allow-Credentials", yes));
            }
        }
        own
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(origin) => f.write_str(origin),
            Self::Between(start, end) => write!(f, "{start}*{end}"),
        }
    }
}

impl Origin {
    /// Browsers write an origin in one way only, so there is nothing to normalise (the HTML standard,
    /// "ASCII serialization of an origin").
    fn is(&self, origin: &str) -> bool {
        match self {
            Self::Is(known) => known == origin,
            Self::Between(start, end) => {
                let rest = origin.strip_prefix(start.as_str());
                let labels = rest.and_then(|rest| rest.strip_suffix(end.as_str()));
                labels.is_some_and(|labels| {
                    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
                    !labels.is_empty() && labels.bytes().all(of_name)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cors, Origin, Origins, Own};
    use crate::http::RequestHead;

    fn cors() -> Cors {
        Cors {
            origins: Origins::These(vec![
                Origin::Is("https://app.example.com".to_owned()),
                Origin::Between("https://".to_owned(), ".example.org:8443".to_owned()),
            ]),
            methods: "GET, PUT".to_owned(),
            headers: "Content-Type".to_owned(),
            expose: "X-Total".to_owned(),
            credentials: true,
            max_age: Some(600),
        }
    }

    fn with<T>(lines: &str, then: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let text = format!("OPTIONS / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        then(&RequestHead::parse(text.as_bytes()).unwrap())
    }

    fn names(own: &Own) -> Vec<&str> {
        own.lines.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn preflights_are_told_what_pages_may_do() {
        let lines = "Origin: https://app.example.com\r\nAccess-Control-Request-Method: PUT\r\n";
        let own = with(lines, |head| cors().preflight(head)).unwrap();
        assert_eq!(own.vary, Some("Origin"));
        let expected = [
            ("Access-Control-Allow-Origin", "https://app.example.com"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET, PUT"),
            ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(own.lines, expected);
        let other = lines.replace("app.", "evil.");
        let own = with(&other, |head| cors().preflight(head)).unwrap();
        assert!(own.lines.is_empty() && own.vary.is_some());
        for none in [
            "Origin: https://app.example.com\r\n",
            "Access-Control-Request-Method: PUT\r\n",
        ] {
            assert!(with(none, |head| cors().preflight(head)).is_none());
        }
    }

    #[test]
    fn answers_are_for_origins_that_are_named() {
        for (origin, is_named) in [
            ("https://app.example.com", true),
            ("http://app.example.com", false),
            ("https://app.example.com:444", false),
            ("https://APP.example.com", false),
            ("https://a.example.org:8443", true),
            ("https://a.b.example.org:8443", true),
            ("https://example.org:8443", false),
            ("https://.example.org:8443", false),
            ("https://evil.com/.example.org:8443", false),
            ("https://evil.com#.example.org:8443", false),
            ("https://u@x.example.org:8443", false),
            ("null", false),
        ] {
            let line = format!("Origin: {origin}\r\n");
            let own = with(&line, |head| cors().answer(head));
            assert_eq!(!own.lines.is_empty(), is_named, "{origin}");
        }
        let any = Cors {
            origins: Origins::Any,
            credentials: false,
            ..cors()
        };
        let own = with("", |head| any.answer(head));
        let expected = [
            "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers",
        ];
        assert_eq!(names(&own), expected);
        assert_eq!((own.lines[0].1.as_str(), own.vary), ("*", None));
    }
}
