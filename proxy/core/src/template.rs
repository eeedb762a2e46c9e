//! Text with variables of a request, such as the key of `hash` (nginx's `$request_uri$cookie_id`).

use crate::http::{RequestHead, Version, normalise_path};

/// Text with variables, parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    Argument(String),
    Args,
    Cookie(String),
    Header(String),
    Host,
    RemoteAddr,
    RequestMethod,
    RequestUri,
    Scheme,
    ServerProtocol,
    Uri,
}

/// The variables by name; besides there are `http_NAME`, `arg_NAME` and `cookie_NAME`.
const NAMES: [(&str, Variable); 9] = [
    ("args", Variable::Args),
    ("query_string", Variable::Args),
    ("host", Variable::Host),
    ("remote_addr", Variable::RemoteAddr),
    ("request_method", Variable::RequestMethod),
    ("request_uri", Variable::RequestUri),
    ("scheme", Variable::Scheme),
    ("server_protocol", Variable::ServerProtocol),
    ("uri", Variable::Uri),
];

/// A variable that a request does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no variable `${name}` of requests")]
pub struct UnknownVariable {
    /// Its name, without the dollar sign.
    pub name: String,
    /// The one that was probably meant.
    pub closest: Option<&'static str>,
}

/// What variables are read from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The request.
    pub head: &'a RequestHead<'a>,
    /// The client's address as text.
    pub client: &'a str,
    /// `http` or `https`.
    pub scheme: &'static str,
}

impl Template {
    /// Reads text in which `$name` and `${name}` stand for variables.
    pub fn parse(text: &str) -> Result<Self, UnknownVariable> {
        let mut parts = Vec::new();
        let mut pieces = text.split('$');
        parts.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let (name, rest) = split_name(piece);
            parts.push(Part::Variable(Variable::of(name)?));
            parts.push(Part::Text(rest.to_owned()));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    /// Whether it says the same for every request.
    pub fn is_constant(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Appends what it says for one request to `out`; a variable that is not there is empty.
    pub fn render(&self, out: &mut Vec<u8>, subject: &Subject<'_>) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => variable.render(out, subject),
            }
        }
    }
}

impl Variable {
    fn of(name: &str) -> Result<Self, UnknownVariable> {
        if let Some(header) = name.strip_prefix("http_") {
            return Ok(Self::Header(header.replace('_', "-")));
        }
        if let Some(argument) = name.strip_prefix("arg_") {
            return Ok(Self::Argument(argument.to_owned()));
        }
        if let Some(cookie) = name.strip_prefix("cookie_") {
            return Ok(Self::Cookie(cookie.to_owned()));
        }
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known
            .map(|(_, variable)| variable.clone())
            .ok_or_else(|| UnknownVariable {
                name: name.to_owned(),
                closest: settings::closest(name, NAMES.iter().map(|(known, _)| *known)),
            })
    }

    fn render(&self, out: &mut Vec<u8>, subject: &Subject<'_>) {
        let head = subject.head;
        let text: &[u8] = match self {
            Self::Argument(name) => argument(head.query(), name).as_bytes(),
            Self::Args => head.query().as_bytes(),
            Self::Cookie(name) => head.cookie(name).unwrap_or_default().as_bytes(),
            Self::Header(name) => head.header(name).unwrap_or_default().as_bytes(),
            Self::Host => head.host.as_bytes(),
            Self::RequestMethod => head.method.as_str().as_bytes(),
            Self::RequestUri => head.target.as_bytes(),
            Self::Scheme => subject.scheme.as_bytes(),
            Self::ServerProtocol => Version::as_str(head.version).as_bytes(),
            Self::Uri => {
                // nginx's $uri is the normalised path; one that has none went no further than this.
                let path = normalise_path(head.path());
                out.extend_from_slice(path.as_deref().unwrap_or(head.path().as_bytes()));
                return;
            }
            Self::RemoteAddr => subject.client.as_bytes(),
        };
        out.extend_from_slice(text);
    }
}

/// The first argument of this name in a query, as it stands there.
fn argument<'q>(query: &'q str, name: &str) -> &'q str {
    let found = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        key.eq_ignore_ascii_case(name).then_some(value)
    });
    found.unwrap_or_default()
}

/// Splits `name rest` or `{name}rest`, as it stands after a dollar sign.
pub(crate) fn split_name(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> String {
        let head = b"GET /a%20b?x=1&Id=7&y HTTP/1.1\r\nHost: Site.com:80\r\nX-User: u\r\n\
                     Cookie: a=1; session=s=9\r\n\r\n";
        let head = RequestHead::parse(head).unwrap();
        let subject = Subject {
            head: &head,
            client: "192.0.2.1",
            scheme: "http",
        };
        let mut out = Vec::new();
        Template::parse(text).unwrap().render(&mut out, &subject);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn variables_of_a_request() {
        assert_eq!(
            render("$request_uri|$uri|$args"),
            "/a%20b?x=1&Id=7&y|/a b|x=1&Id=7&y"
        );
        assert_eq!(render("${arg_id}-$arg_y-$arg_z"), "7--");
        assert_eq!(render("$cookie_session$cookie_no"), "s=9");
        assert_eq!(render("$http_x_user@$remote_addr"), "u@192.0.2.1");
        assert!(Template::parse("plain").unwrap().is_constant());
        let unknown = Template::parse("$reqest_uri").unwrap_err();
        assert_eq!(unknown.closest, Some("request_uri"));
    }
}
