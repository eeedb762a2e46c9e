//! Two logs in one file.

use std::collections::HashMap;

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let error_log = config.server.error_log.as_ref();
    let error_log = error_log.and_then(|log| log.path.as_ref());
    let mut formats: HashMap<&str, (&file::AccessLogFile, Place)> = HashMap::new();
    for (at, log) in logs(config) {
        let at = at.key("access_log");
        if Some(&log.path) == error_log {
            let message =
                "the edge's own messages go to the same file, between the lines of requests";
            let other = Place::root().key("server").key("error_log").key("path");
            let problem =
                Problem::new(&at.key("path"), message).help("another file for one of them");
            warnings.note(problem.other(&other));
        }
        match formats.get(log.path.as_str()) {
            Some((first, first_at)) if first.format != log.format => {
                let message =
                    "the same file has lines of another format, so no program can read it";
                let problem = Problem::new(&at.key("path"), message);
                warnings.note(
                    problem
                        .help("one file for each format")
                        .other(&first_at.key("path")),
                );
            }
            Some(_) => {}
            None => {
                formats.insert(&log.path, (log, at));
            }
        }
    }
}

/// All access logs, with the places of their sites and routes.
fn logs<'c>(config: &'c file::Config) -> Vec<(Place, &'c file::AccessLogFile)> {
    let mut logs = Vec::new();
    let mut add = |at: Place, log: &'c file::AccessLog| {
        if let file::AccessLog::To(log) = log {
            logs.push((at, log));
        }
    };
    for (at, site) in super::sites(config) {
        add(at.clone(), &site.access_log);
        for (at, route) in super::routes(&at, &site.route) {
            if let Some(log) = &route.access_log {
                add(at, log);
            }
        }
    }
    logs
}
