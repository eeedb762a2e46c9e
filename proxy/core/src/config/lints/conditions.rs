//! Conditions that are the same for every request.

use settings::{Place, Problem, Problems};

use super::super::{AccessLog, Config};
use super::file;
use crate::template::Template;

pub(super) fn find(written: &file::Config, config: &Config, warnings: &mut Problems) {
    for ((at, site), meant) in super::sites(written).zip(&config.sites) {
        check(meant.terms.access_log.as_ref(), &at, warnings);
        let routes = super::routes(&at, &site.route);
        for ((at, route), meant) in routes.into_iter().zip(&meant.routes) {
            // Otherwise it is that of what is around it.
            if route.access_log.is_some() {
                check(meant.terms.access_log.as_ref(), &at, warnings);
            }
        }
    }
}

fn check(log: Option<&AccessLog>, at: &Place, warnings: &mut Problems) {
    let condition = log.and_then(|log| log.condition.as_ref());
    if condition.is_some_and(Template::is_constant) {
        let message = "the condition has no variable, so it holds for every request or for none";
        let help = "if = \"$cookie_debug\", or leave it out";
        warnings.note(Problem::new(&at.key("access_log").key("if"), message).help(help));
    }
}
