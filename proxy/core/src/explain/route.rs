//! Why a site and a route were chosen, and others were not.

use crate::config::{Route, Site};
use crate::http::RequestHead;
use crate::route::{HostPattern, PathPattern};

/// Why the request belongs to this site; `by_regex` if an expression among its names was found in the
/// host.
pub(super) fn why_site(site: &Site, host: &str, by_regex: bool) -> String {
    let lower = host.to_ascii_lowercase();
    let host_is = |name: &str| name == lower.strip_suffix('.').unwrap_or(&lower);
    let why = if by_regex {
        "the first expression that is found in the host".to_owned()
    } else {
        let reason = |name: &HostPattern| match name {
            HostPattern::Exact(name) if host_is(name) => Some("its name".to_owned()),
            HostPattern::Below(end) if lower.len() > end.len() && lower.ends_with(end) => {
                Some(format!("the longest name that fits is *{end}"))
            }
            HostPattern::Begins(start) if lower.len() > start.len() && lower.starts_with(start) => {
                Some(format!("the longest name that fits is {start}*"))
            }
            HostPattern::Exact(_)
            | HostPattern::Below(_)
            | HostPattern::Begins(_)
            | HostPattern::Regex(_)
            | HostPattern::Other => None,
        };
        let default = || format!("no site has the name {host:?}, and this one takes the rest");
        site.names.iter().find_map(reason).unwrap_or_else(default)
    };
    format!("{}: {why}", site.label)
}

/// Why this is the route.
pub(super) fn why(route: &Route, routes: &[Route]) -> String {
    let why = match &route.pattern {
        PathPattern::Exact(_) => "exactly this path",
        PathPattern::Prefix(_) => "the longest prefix, and no expression is found in the path",
        PathPattern::PrefixBeforeRegex(_) => "the longest prefix, which no expression overrides",
        PathPattern::Regex(_) => "the first expression that is found in the path",
        PathPattern::Named(_) => "requests are sent there by its name",
    };
    let parent = route.parent.and_then(|parent| routes.get(parent));
    let inside = parent.map(|parent| format!(" inside of {}", parent.label));
    let asks = route
        .when
        .as_ref()
        .map(|when| format!("; it asks for {when}"));
    format!(
        "{}{}: {why}{}",
        route.label,
        inside.unwrap_or_default(),
        asks.unwrap_or_default()
    )
}

/// The routes that would take the path as well, and why they do not.
pub(super) fn others(
    found: usize,
    routes: &[Route],
    path: &[u8],
    head: &RequestHead<'_>,
) -> Vec<String> {
    let parent = routes.get(found).and_then(|route| route.parent);
    let others = routes.iter().enumerate();
    let others = others.filter(|(index, route)| {
        *index != found && Some(*index) != parent && fits(&route.pattern, path)
    });
    let others = others.map(|(_, route)| {
        let why = match &route.when {
            Some(when) if !when.holds(head) => format!("it asks for {when}"),
            _ if route.internal => "only requests from inside come there".to_owned(),
            _ => match &route.pattern {
                PathPattern::Prefix(_) | PathPattern::PrefixBeforeRegex(_) => {
                    "another has a better claim than this prefix".to_owned()
                }
                PathPattern::Regex(_) => "a better claim or an earlier expression wins".to_owned(),
                PathPattern::Exact(_) | PathPattern::Named(_) => {
                    "another takes it first".to_owned()
                }
            },
        };
        format!("{}: {why}", route.label)
    });
    others.collect()
}

fn fits(pattern: &PathPattern, path: &[u8]) -> bool {
    match pattern {
        PathPattern::Exact(exact) => exact.as_bytes() == path,
        PathPattern::Prefix(prefix) | PathPattern::PrefixBeforeRegex(prefix) => {
            path.starts_with(prefix.as_bytes())
        }
        PathPattern::Regex(expression) => expression.is_match(path),
        PathPattern::Named(_) => false,
    }
}
