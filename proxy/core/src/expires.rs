//! How long clients may keep answers (nginx's `expires`).

use std::time::{Duration, UNIX_EPOCH};

use settings::Period;

use crate::template::{Template, Varying};

/// How long clients may keep answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    /// So long.
    In(Duration),
    /// Not without asking again.
    AtOnce,
    /// For ever.
    Never,
}

/// How long clients may keep the answers of a route.
pub type Expiry = Varying<Expires>;

impl Expiry {
    /// How long the client may keep the answer to a request, of whose values `render` makes the text.
    /// Where that says nothing that could be meant, nothing is said, as by nginx.
    pub fn of(&self, render: impl FnOnce(&Template) -> Vec<u8>) -> Option<Expires> {
        match self {
            Self::Fixed(expires) => Some(*expires),
            Self::By(template) => {
                let text = String::from_utf8(render(template)).ok()?;
                Expires::parse(&text)?
            }
        }
    }
}

/// The statuses that it is for, as in nginx.
const STATUSES: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

impl Expires {
    /// As nginx writes it, and `Some(None)` for `off`; `None` if it says nothing of the kind.
    pub fn parse(text: &str) -> Option<Option<Self>> {
        Some(match text {
            "off" => None,
            "epoch" => Some(Self::AtOnce),
            "max" => Some(Self::Never),
            text => {
                let Period(time) = text.parse().ok()?;
                Some(Self::In(time))
            }
        })
    }

    /// Values for Expires and Cache-Control in an answer with this status; `now` is Unix time in
    /// seconds.
    pub fn lines(self, status: u16, now: u64) -> Option<[(&'static str, String); 2]> {
        if !STATUSES.contains(&status) {
            return None;
        }
        let (expires, control) = match self {
            Self::In(time) => {
                let end = UNIX_EPOCH + Duration::from_secs(now) + time;
                let control = format!("max-age={}", time.as_secs());
                (httpdate::fmt_http_date(end), control)
            }
            Self::AtOnce => {
                let past = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1));
                (past, "no-cache".to_owned())
            }
            // nginx's `max`: the end of 32-bit time, and ten years.
            Self::Never => (
                "Thu, 31 Dec 2037 23:55:55 GMT".to_owned(),
                "max-age=315360000".to_owned(),
            ),
        };
        Some([("Expires", expires), ("Cache-Control", control)])
    }
}

#[cfg(test)]
mod tests {
    use super::Expires;
    use std::time::Duration;

    #[test]
    fn as_nginx_says_it() {
        let lines = |expires: Expires, status| {
            let lines = expires.lines(status, 645_453_000);
            lines.map(|lines| lines.map(|(_, value)| value).join(" | "))
        };
        let month = Expires::In(Duration::from_hours(24 * 30));
        for (expires, said) in [
            (month, "Sun, 15 Jul 1990 12:30:00 GMT | max-age=2592000"),
            (Expires::AtOnce, "Thu, 01 Jan 1970 00:00:01 GMT | no-cache"),
            (
                Expires::Never,
                "Thu, 31 Dec 2037 23:55:55 GMT | max-age=315360000",
            ),
        ] {
            assert_eq!(lines(expires, 200).as_deref(), Some(said));
            assert_eq!(lines(expires, 404), None);
        }
    }
}
