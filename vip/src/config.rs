//! What the daemon is told.
//!
//! [`file::Config`] is what is written; [`Config`] is what it means, and holds only values that can be used.

use std::net::SocketAddr;
use std::path::Path;

use daemon::config::{Document, Report};
use daemon::log::{Format, Level};
use settings::{Place, Problem, Problems};

pub mod file;
mod instance;
mod keys;
mod lint;
mod track;

pub use instance::{Instance, Notify, Witness};
pub use track::{Command, HttpUrl, Probe, Track};

/// A configuration that can be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where operators ask.
    pub admin: SocketAddr,
    /// How much is logged.
    pub log_level: Level,
    /// How a log line is written.
    pub log_format: Format,
    /// The virtual routers of this node, at least one.
    pub instances: Vec<Instance>,
}

/// A configuration, and what is hardly meant in it.
#[derive(Debug)]
pub struct Loaded {
    /// What it means.
    pub config: Config,
    /// The traps in it.
    pub warnings: Report,
}

impl Config {
    /// Reads the file at `path`, and the keys that it names.
    pub fn load(path: &Path) -> Result<Loaded, Report> {
        let document = Document::load(path)?;
        let reading = document.read::<file::Config>();
        let config = reading.meant(Self::resolve)?;
        let warnings = reading.warnings(lint::lint(&config));
        Ok(Loaded { config, warnings })
    }

    /// What `written` means, or everything that keeps it from meaning something.
    fn resolve(written: &file::Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let file::Config {
            admin,
            log,
            instance,
        } = written;
        let root = Place::root();
        let at = root.key("admin").key("listen");
        let admin = problems.ok(&at, listen(&admin.listen));
        if instance.is_empty() {
            let help = "describe one with [[instance]]";
            problems.push_with_help(&root, "there is no instance", help);
        }
        let mut instances = Vec::new();
        for (index, written) in instance.iter().enumerate() {
            let at = root.key("instance").index(index);
            instances.extend(instance::resolve(written, &at, &mut problems));
        }
        exclude_each_other(&instances, &mut problems);
        lint::refuse_weights(&instances, &mut problems);
        let config = admin.map(|admin| Self {
            admin,
            log_level: log.level,
            log_format: log.format,
            instances,
        });
        problems.finish(config)
    }
}

/// Anybody who can reach the port can move the addresses.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:9181"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!(
            "`{text}` is not on loopback, and nobody is asked who he is there"
        ))
    }
}

/// Names, numbers and addresses that two instances would share.
fn exclude_each_other(instances: &[Instance], problems: &mut Problems) {
    let root = Place::root().key("instance");
    for (index, this) in instances.iter().enumerate() {
        for (earlier, other) in instances.iter().enumerate().take(index) {
            let at = |index: usize, key: &str| root.index(index).key(key);
            let mut note = |key: &str, message: String| {
                let problem = Problem::new(&at(index, key), message);
                problems.note(problem.other(&at(earlier, key)));
            };
            if this.name == other.name {
                note(
                    "name",
                    format!("`{}` is the name of another instance", this.name),
                );
            }
            let same_network = this.interface == other.interface && this.is_v6() == other.is_v6();
            if same_network && this.virtual_router_id == other.virtual_router_id {
                let number = this.virtual_router_id;
                note(
                    "virtual_router_id",
                    format!("{number} is another instance's on this interface"),
                );
            }
            for address in &this.addresses {
                if other
                    .addresses
                    .iter()
                    .any(|taken| taken.addr() == address.addr())
                {
                    let address = address.addr();
                    note("addresses", format!("{address} is another instance's too"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
