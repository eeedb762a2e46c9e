//! From the configuration file to a configuration that can be run.

use std::path::Path;

use daemon::config::{Document, Report};
use edge_core::config::{Config, file};

/// Reads the file at `path`, or reports everything that is wrong with it.
pub(crate) fn load(path: &Path) -> Result<Config, Report> {
    let document = Document::load(path)?;
    let written: file::Config = document.read()?;
    Config::from_file(&written).map_err(|problems| document.report(problems))
}

/// Says which changes a reload cannot make.
pub(crate) fn warn_of_restart(old: &Config, new: &Config) {
    if old.admin != new.admin {
        tracing::warn!("admin.listen has changed; it takes effect with a restart");
    }
    if old.server != new.server {
        tracing::warn!(
            "[server] has changed; except graceful_timeout it takes effect with a restart"
        );
    }
}
