//! From the configuration file to a configuration that can be run.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use daemon::config::{Document, Report};
use edge_core::config::lints::{self, Machine};
use edge_core::config::{Config, file};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Place, Problem};

use crate::memory;

/// A configuration that can be run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Traps in it.
    pub(crate) warnings: Report,
}

impl Loaded {
    /// Writes the warnings to the log.
    pub(crate) fn log_warnings(&self) {
        for warning in self.warnings.lines() {
            tracing::warn!("{warning}");
        }
    }
}

/// Reads the file at `path`, or reports everything that is wrong with it.
pub(crate) fn load(path: &Path) -> Result<Loaded, Report> {
    let document = Document::load(path)?;
    let reading = document.read::<file::Config>();
    let machine = Machine {
        memory: memory::limit(),
    };
    let (config, traps) = reading.meant(|written| {
        let config = Config::from_file(written)?;
        let traps = lints::all(written, &config, machine);
        Ok((config, traps))
    })?;
    let warnings = reading.warnings(traps);
    Ok(Loaded { config, warnings })
}

/// The configuration in the file at `path` as it comes to be, or everything that is wrong with it.
pub(crate) fn printed(path: &Path) -> Result<String, Report> {
    let document = Document::load(path)?;
    let reading = document.read::<file::Config>();
    reading.meant(Config::from_file)?;
    Ok(reading.print())
}

/// The part of the file that says where operators connect.
#[derive(Debug, Deserialize, JsonSchema)]
struct OnlyAdmin {
    #[serde(default)]
    admin: file::Admin,
}

/// How a running edge is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where it answers.
    pub(crate) listen: SocketAddr,
    /// The file with the token that it wants, if it wants one.
    pub(crate) token_file: Option<PathBuf>,
}

/// What the file at `path` says of the admin port, whatever else may be wrong with it.
pub(crate) fn admin(path: &Path) -> Result<Asked, Report> {
    let document = Document::load(path)?;
    document.read().meant(|OnlyAdmin { admin }| {
        let listen = admin.listen.parse().map_err(|_| {
            let at = Place::root().key("admin").key("listen");
            let message = format!("`{}` is not an IP address with a port", admin.listen);
            vec![Problem::new(&at, message)]
        })?;
        Ok(Asked {
            listen,
            token_file: admin.token_file.as_ref().map(PathBuf::from),
        })
    })
}

/// Says which changes a reload cannot make.
pub(crate) fn warn_of_restart(old: &Config, new: &Config) {
    if old.admin != new.admin {
        tracing::warn!("[admin] has changed; it takes effect with an upgrade or a restart");
    }
    if !old.server.can_become(&new.server) {
        tracing::warn!(
            "[server] has changed; but for its timeouts and the levels of the log it takes effect with an \
             upgrade or a restart"
        );
    }
}
