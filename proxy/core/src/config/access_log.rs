//! Access logs, from written to meant.

use settings::{Place, Problems};

use super::{AccessLog, checks, file};
use crate::disk_path::DiskPath;
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
            let path = path(&file.path, scope, &at.key("path"), problems);
            let format = format(file, scope, at, problems);
            let condition = file
                .condition
                .as_ref()
                .map(|text| checks::template(scope, text, &at.key("if"), problems));
            Some(AccessLog {
                path: path?,
                format: format?,
                condition: match condition {
                    Some(condition) => Some(condition?),
                    None => None,
                },
            })
        }
    }
}

/// A file. Of one whose name has variables the directory is fixed up to the first of them: a client that
/// has a say in the name of a file may not choose where it is.
fn path(text: &str, scope: &Scope, at: &Place, problems: &mut Problems) -> Option<DiskPath> {
    let path = checks::disk_path(scope, text, at, problems)?;
    if matches!(path, DiskPath::By(_)) && !text.starts_with('/') {
        problems.push_with_help(
            at,
            "a path with variables begins with a directory",
            "\"/var/log/hifate/$host.log\"",
        );
    }
    Some(path)
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
