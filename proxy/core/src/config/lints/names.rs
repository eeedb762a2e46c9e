//! Names that no request has: the dot that ends a name in the DNS is taken off before.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        for (index, name) in site.names.iter().enumerate() {
            if let Some(plain) = name.strip_suffix('.').filter(|name| !name.starts_with('~')) {
                let message =
                    format!("no request comes to `{name}`: the dot at the end is ignored");
                let problem = Problem::new(&at.key("names").index(index), message);
                warnings.note(problem.help(format!("\"{plain}\"")));
            }
        }
    }
}
