//! How requests go to an upstream, from written to meant.

use std::time::Duration;

use settings::{Place, Problems};

use super::names::Names;
use super::{checks, file};
use crate::buffering::Buffering;
use crate::http::{escape_path, escape_target};
use crate::route::PathPattern;
use crate::template::{Template, Varying};

/// How requests of a route go to an upstream.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where they go.
    pub to: To,
    /// What is asked for, if not what the client asks for.
    pub uri: Option<ProxyUri>,
    /// What the URLs in Location and Refresh become, by what they begin with.
    pub redirects: Vec<(String, Template)>,
    /// For connecting to a server.
    pub connect_timeout: Duration,
    /// Between two writes to a server.
    pub send_timeout: Duration,
    /// Between two reads from a server.
    pub read_timeout: Duration,
    /// How long a connection that has switched protocols may be silent.
    pub tunnel_timeout: Duration,
    /// Whether responses wait for a slow client at the edge.
    pub buffering: Buffering,
    /// Whether a request is read to its end before a server is asked.
    pub request_buffering: bool,
    /// Whether a server is left to answer when the client has gone.
    pub ignore_client_abort: bool,
}

/// To which upstream requests go: the one with this index in
/// [`Config::upstreams`](super::Config::upstreams), or the one of this name.
pub type To = Varying<usize>;

/// What a server is asked for in place of what the client asks for: the same with another beginning, or
/// what a text says, whatever that is (nginx's `proxy_pass` with variables).
pub type ProxyUri = Varying<Replacement>;

impl ProxyUri {
    /// The target to ask the upstream for: see [`Replacement::apply`]; of the request's values `render`
    /// makes the text. There is none if that is no path.
    pub fn apply(
        &self,
        (path, target): (&[u8], &str),
        render: impl FnOnce(&Template) -> Vec<u8>,
    ) -> Option<String> {
        match self {
            Self::Fixed(replacement) => Some(replacement.apply(path, target)),
            Self::By(template) => {
                let text = render(template);
                text.starts_with(b"/").then(|| escape_target(&text))
            }
        }
    }
}

/// A path prefix and what stands in its place upstream (nginx's Q7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The beginning of the normalised path that is replaced.
    pub of: String,
    /// What replaces it.
    pub with: String,
}

impl Replacement {
    /// The target to ask the upstream for: `path` is the normalised path that the route matched,
    /// `target` the request's own. What follows the replaced prefix is escaped again, and the query
    /// is kept (EDGE Q7).
    pub fn apply(&self, path: &[u8], target: &str) -> String {
        let mut replaced = self.with.clone();
        escape_path(path.get(self.of.len()..).unwrap_or_default(), &mut replaced);
        if let Some((_, query)) = target.split_once('?')
            && !query.is_empty()
        {
            replaced.push('?');
            replaced.push_str(query);
        }
        replaced
    }
}

/// What is usual for `timeout tunnel` elsewhere. nginx has `proxy_read_timeout`, which whoever has tunnels
/// sets as high as they need: so none ends earlier than there.
const TUNNEL_TIMEOUT: Duration = Duration::from_hours(1);

pub(super) fn meant(
    written: &file::Proxy,
    pattern: &PathPattern,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Proxy> {
    let uri = uri(written, (pattern, names), &at.key("uri"), problems);
    let redirects = redirects(written, uri.as_ref(), names, at, problems);
    let to = to(&written.to, names, &at.key("to"), problems)?;
    let mut timeout = |period, key: &str| checks::timeout(period, &at.key(key), problems);
    let connect_timeout = timeout(written.connect_timeout, "connect_timeout");
    let send_timeout = timeout(written.send_timeout, "send_timeout");
    let read_timeout = timeout(written.read_timeout, "read_timeout");
    let tunnel_timeout = match written.tunnel_timeout {
        Some(written) => timeout(written, "tunnel_timeout"),
        None => read_timeout.max(TUNNEL_TIMEOUT),
    };
    Some(Proxy {
        to,
        uri,
        redirects,
        connect_timeout,
        send_timeout,
        read_timeout,
        tunnel_timeout,
        buffering: Buffering {
            on: written.buffering,
            most_in_file: written.max_temp_file.0,
        },
        request_buffering: written.request_buffering,
        ignore_client_abort: written.ignore_client_abort,
    })
}

/// Where requests go.
fn to(written: &str, names: &Names<'_>, at: &Place, problems: &mut Problems) -> Option<To> {
    if has_variables(written) {
        return checks::template(&names.scope, written, at, problems).map(To::By);
    }
    names.upstream(written, at, problems).map(To::Fixed)
}

fn has_variables(text: &str) -> bool {
    text.contains('$')
}

/// What is asked for; with a variable here or in the upstream's name it is used as it is, as by nginx
/// (EDGE Q7).
fn uri(
    written: &file::Proxy,
    (pattern, names): (&PathPattern, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<ProxyUri> {
    let uri = written.uri.as_ref()?;
    if !has_variables(uri) && !has_variables(&written.to) {
        return replacement(uri, pattern, at, problems).map(ProxyUri::Fixed);
    }
    if !uri.starts_with('$') {
        checks::path(uri, at, problems);
    }
    checks::one_word(uri, at, problems);
    checks::template(&names.scope, uri, at, problems).map(ProxyUri::By)
}

/// What URLs become that begin so: what is written, and then nginx's `proxy_redirect default`, which
/// makes the route's path of the upstream's name with the path that replaces it.
fn redirects(
    written: &file::Proxy,
    uri: Option<&ProxyUri>,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Vec<(String, Template)> {
    let mut redirects = Vec::new();
    for (index, redirect) in written.redirect.iter().enumerate() {
        let at = at.key("redirect").index(index);
        if redirect.from.is_empty() {
            problems.push_with_help(
                &at.key("from"),
                "every URL begins with nothing",
                "\"http://app.internal/\"",
            );
        }
        if let Some(to) = checks::template(&names.scope, &redirect.to, &at.key("to"), problems) {
            redirects.push((redirect.from.clone(), to));
        }
    }
    if let Some(ProxyUri::Fixed(uri)) = uri {
        let from = format!("http://{}{}", written.to, uri.with);
        redirects.push((from, Template::constant(&uri.of)));
    }
    redirects
}

fn replacement(
    uri: &str,
    pattern: &PathPattern,
    at: &Place,
    problems: &mut Problems,
) -> Option<Replacement> {
    checks::path(uri, at, problems);
    checks::one_word(uri, at, problems);
    match pattern {
        PathPattern::Exact(path)
        | PathPattern::Prefix(path)
        | PathPattern::PrefixBeforeRegex(path) => Some(Replacement {
            of: path.clone(),
            with: uri.to_owned(),
        }),
        PathPattern::Regex(_) => {
            problems.push(
                at,
                "a route with a regular expression has no prefix to replace",
            );
            None
        }
        PathPattern::Named(_) => {
            problems.push(at, "a route with a name has no prefix to replace");
            None
        }
    }
}
