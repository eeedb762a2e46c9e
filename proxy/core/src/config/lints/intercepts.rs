//! Errors of servers that are to be intercepted, with nothing to put in their place.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        let has_pages = !site.error_page.is_empty();
        if site.intercept_errors && !has_pages && site.route.iter().all(is_without_pages) {
            warnings.note(warning(&at));
        }
        if !has_pages {
            for (at, route) in super::level(&at, &site.route) {
                if route.intercept_errors == Some(true) && is_without_pages(route) {
                    warnings.note(warning(&at));
                }
            }
        }
    }
}

fn is_without_pages(route: &file::Route) -> bool {
    route.error_page.is_empty() && route.route.iter().all(is_without_pages)
}

fn warning(at: &Place) -> Problem {
    let message = "no page takes the place of what servers answer with";
    let help = "error_page = { \"502-504\" = \"/sorry.html\" }, or leave `intercept_errors` out";
    Problem::new(&at.key("intercept_errors"), message).help(help)
}
