//! Only one site takes the names that no other does.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let mut default: Option<(Place, &[String])> = None;
    for (at, site) in super::sites(config) {
        let takes_the_rest = site.names.iter().any(|name| name == "_");
        match &default {
            Some((first, listen))
                if site.names.is_empty() && (listen.is_empty() || *listen == site.listen) =>
            {
                let message = "no request comes here: another site takes the names that are left";
                let problem =
                    Problem::new(&at, message).help("say with `names` whose site this is");
                warnings.note(problem.other(first));
            }
            None if site.names.is_empty() || takes_the_rest => {
                default = Some((at, &site.listen));
            }
            Some(_) | None => {}
        }
    }
}
