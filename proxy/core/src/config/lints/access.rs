//! A route's `deny` takes the place of the `allow` around it, too, and so opens what was closed.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        let closed = (!site.allow.is_empty()).then(|| at.key("allow"));
        inside(&at, &site.route, closed.as_ref(), warnings);
    }
}

/// `closed` is where it says who may ask, if anything around these routes does.
fn inside(at: &Place, routes: &[file::Route], closed: Option<&Place>, warnings: &mut Problems) {
    for (at, route) in super::level(at, routes) {
        let own = route.allow.as_deref().unwrap_or_default();
        let closed = match (own, &route.deny, closed) {
            ([_, ..], _, _) => Some(at.key("allow")),
            ([], Some(_), Some(around)) => {
                warnings.note(warning(&at.key("deny")).other(around));
                None
            }
            ([], Some(_), None) => None,
            ([], None, _) if route.allow.is_some() => None,
            ([], None, around) => around.cloned(),
        };
        inside(&at, &route.route, closed.as_ref(), warnings);
    }
}

fn warning(at: &Place) -> Problem {
    let message = "the route has lists of its own, so the `allow` around it does not hold here: \
                   everybody may ask who is not denied";
    let help = "repeat `allow` here; or write allow = [\"0.0.0.0/0\", \"::/0\"] if it is meant";
    Problem::new(at, message).help(help)
}
