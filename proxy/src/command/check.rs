//! `hifate-edge check`.

use std::path::Path;

use daemon::config::Report;

use crate::control::admin::Operators;
use crate::control::load;
use crate::metrics::Metrics;
use crate::policy;
use crate::snapshot;
use crate::transport::Transport;

/// Says everything that is wrong with the configuration at `path`; if nothing is, what is hardly
/// meant, which is wrong as well where it is to be `strict`.
pub(super) fn check(path: &Path, strict: bool) -> Result<(), String> {
    let name = path.display();
    let loaded = load::load(path).map_err(|report| refused(path, &report))?;
    for upstream in &loaded.config.upstreams {
        let name = &upstream.name;
        Transport::new(upstream).map_err(|error| format!("upstream `{name}`: {error}"))?;
    }
    Operators::open(&loaded.config.admin).map_err(|error| error.to_string())?;
    snapshot::secured(&loaded.config).map_err(|error| error.to_string())?;
    let metrics = Metrics::new().map_err(|error| error.to_string())?;
    policy::Shared::new(&loaded.config, None, &metrics).map_err(|error| error.to_string())?;
    if let Some(acme) = &loaded.config.acme {
        snapshot::authority(acme).map_err(|error| error.to_string())?;
    }
    if loaded.warnings.is_empty() {
        return super::print(format!("{name}: the configuration is good"));
    }
    show(&loaded.warnings);
    let warnings = counted(loaded.warnings.len(), "warning");
    if strict {
        return Err(format!("{name}: {warnings}"));
    }
    super::print(format!(
        "{name}: the configuration is good, with {warnings}"
    ))
}

/// Prints the configuration as it comes to be.
pub(super) fn print(path: &Path) -> Result<(), String> {
    let printed = load::printed(path).map_err(|report| refused(path, &report))?;
    super::print(printed.trim_end())
}

fn refused(path: &Path, report: &Report) -> String {
    show(report);
    format!("{}: {}", path.display(), counted(report.len(), "mistake"))
}

fn show(report: &Report) {
    // Where standard error is closed the exit code has to do.
    drop(report.print());
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
