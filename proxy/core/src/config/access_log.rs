//! Access logs, from written to meant.

use std::path::PathBuf;

use settings::{Place, Problems};

use super::{AccessLog, checks, file};
use crate::template::{Escape, Scope, Template};

/// Where requests are logged, if anywhere.
pub(super) fn meant(
    written: &file::AccessLog,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<AccessLog> {
    match written {
        file::AccessLog::Switch(false) => None,
        file::AccessLog::Switch(true) => {
            problems.push_with_help(
                at,
                "`true` does not say where to log",
                "{ path = \"/var/log/hifate/access.log\" }",
            );
            None
        }
        file::AccessLog::To(file) => {
            let format = format(file, scope, at, problems);
            let condition = file
                .condition
                .as_ref()
                .map(|text| checks::template(scope, text, &at.key("if"), problems));
            Some(AccessLog {
                path: PathBuf::from(&file.path),
                format: format?,
                condition: match condition {
                    Some(condition) => Some(condition?),
                    None => None,
                },
            })
        }
    }
}

fn format(
    file: &file::AccessLogFile,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Option<Template> {
    let format = match file.format.as_str() {
        "combined" => Template::combined(),
        "json" => Template::json(),
        text => {
            let escape = match file.escape {
                None | Some(file::LogEscape::Default) => Escape::Default,
                Some(file::LogEscape::Json) => Escape::Json,
                Some(file::LogEscape::None) => Escape::None,
            };
            let format = Template::parse_in(scope, text, escape);
            return checks::parsed(format, &at.key("format"), problems);
        }
    };
    if file.escape.is_some() {
        let message = format!("the format `{}` has its own way of escaping", file.format);
        problems.push(&at.key("escape"), message);
    }
    checks::parsed(format, &at.key("format"), problems)
}
