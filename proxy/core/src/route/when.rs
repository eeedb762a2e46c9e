//! What a route asks of a request besides its path.

use std::borrow::Cow;
use std::fmt;

use crate::expression::Expression;
use crate::http::RequestHead;
use crate::template::{argument, cookie, request_header};

/// What a route asks of a request besides its path; all of it has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// The methods that it takes; all if there are none.
    pub methods: Vec<String>,
    /// What else it asks.
    pub tests: Vec<(Source, Test)>,
}

/// Where a value stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The header of this name, in any case; several lines are one list.
    Header(String),
    /// The argument of the query of this name.
    Query(String),
    /// The cookie of this name.
    Cookie(String),
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is there.
    Present,
    /// It is not.
    Absent,
    /// It is this.
    Is(String),
    /// The expression is found in it.
    Matches(Expression),
}

impl When {
    /// Whether a request is what the route asks for.
    pub fn holds(&self, head: &RequestHead<'_>) -> bool {
        let is_asked = |method: &String| method == head.method.as_str();
        (self.methods.is_empty() || self.methods.iter().any(is_asked))
            && self.tests.iter().all(|(source, test)| {
                let value = source.value(head);
                test.holds(value.as_deref())
            })
    }
}

/// In words, such as `GET or HEAD, header X-Beta = "yes"`.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.methods.join(" or "))?;
        for (index, (source, test)) in self.tests.iter().enumerate() {
            if index > 0 || !self.methods.is_empty() {
                f.write_str(", ")?;
            }
            let (kind, name) = match source {
                Source::Header(name) => ("header", name),
                Source::Query(name) => ("query argument", name),
                Source::Cookie(name) => ("cookie", name),
            };
            match test {
                Test::Present => write!(f, "{kind} {name}")?,
                Test::Absent => write!(f, "no {kind} {name}")?,
                Test::Is(text) => write!(f, "{kind} {name} = {text:?}")?,
                Test::Matches(expression) => {
                    write!(f, "{kind} {name} matching {:?}", expression.as_str())?;
                }
            }
        }
        Ok(())
    }
}

impl Source {
    fn value<'a>(&self, head: &'a RequestHead<'_>) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Header(name) => request_header(head, name),
            Self::Query(name) => {
                let (_, query) = head.target.split_once('?')?;
                argument(query, name).map(Into::into)
            }
            Self::Cookie(name) => cookie(head, name).map(Into::into),
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&[u8]>) -> bool {
        match (self, value) {
            (Self::Present, value) => value.is_some(),
            (Self::Absent, value) => value.is_none(),
            (Self::Is(text), Some(value)) => text.as_bytes() == value,
            (Self::Matches(expression), Some(value)) => expression.is_match(value),
            (Self::Is(_) | Self::Matches(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, Test, When};
    use crate::expression::Expression;
    use crate::http::RequestHead;

    #[test]
    fn all_that_is_asked_has_to_hold() {
        let head = b"GET /?beta=1&empty= HTTP/1.1\r\nHost: a\r\nX-A: one\r\nX-A: two\r\n\
                     Cookie: user=me\r\n\r\n";
        let head = RequestHead::parse(head).unwrap();
        let header = || Source::Header("x-a".into());
        let query = |name: &str| Source::Query(name.into());
        let matches = |text| Test::Matches(Expression::new(text).unwrap());
        for (source, test, holds) in [
            (header(), Test::Is("one, two".into()), true),
            (header(), Test::Is("one".into()), false),
            (header(), matches("two$"), true),
            (query("beta"), Test::Is("1".into()), true),
            (query("empty"), Test::Present, true),
            (query("other"), Test::Present, false),
            (query("other"), Test::Absent, true),
            (query("other"), matches(""), false),
            (Source::Cookie("user".into()), Test::Is("me".into()), true),
        ] {
            let mut when = When {
                methods: Vec::new(),
                tests: vec![(source, test)],
            };
            assert_eq!(when.holds(&head), holds, "{when:?}");
            when.methods = vec!["POST".into(), "PUT".into()];
            assert!(!when.holds(&head), "{when:?}");
            when.methods = vec!["GET".into()];
            assert_eq!(when.holds(&head), holds, "{when:?}");
        }
    }
}
