//! Changes of servers that outlive a restart.
//!
//! The file is written as a whole, to a name beside its own that then takes its place, so that it is
//! either the old or the new one whatever happens. One that cannot be understood is never written
//! over: somebody may want what is in it.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edge_core::address::Address;
use edge_core::balance::{self, Command};
use serde::{Deserialize, Serialize};
use settings::Period;

use crate::buffer::lock;
use crate::metrics::Metrics;
use crate::upstream::{Change, Override, Restored, Upstream};

/// The file and what it says.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    saved: Mutex<Saved>,
}

/// A state file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadState {
    /// It cannot be read.
    #[error("admin.state_file {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It does not say what it should.
    #[error(
        "admin.state_file {path} is not understood: {error}; it was left as it is, so mend it, or move \
         it away to start without what operators have changed"
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// It cannot be written.
    #[error("admin.state_file {path} cannot be written: {error}; nothing was changed")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// What is in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    /// By upstream and address.
    upstreams: BTreeMap<String, BTreeMap<String, SavedServer>>,
}

/// What an operator has changed of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedServer {
    /// It is one server more.
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<Settings>,
    /// The one of the configuration is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<NonZeroU32>,
}

/// What an operator may say of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Up,
    Drain,
    Down,
}

/// The settings of a server that is added, as in `[[upstream.NAME.server]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) weight: NonZeroU32,
    pub(super) max_fails: u32,
    pub(super) fail_timeout: Period,
    pub(super) max_conns: u32,
    pub(super) slow_start: Period,
    pub(super) backup: bool,
}

impl Default for Settings {
    fn default() -> Self {
        // Those of the configuration.
        Self {
            weight: NonZeroU32::MIN,
            max_fails: 1,
            fail_timeout: Period(Duration::from_secs(10)),
            max_conns: 0,
            slow_start: Period::default(),
            backup: false,
        }
    }
}

impl From<&Settings> for balance::Server {
    fn from(settings: &Settings) -> Self {
        Self {
            weight: settings.weight,
            max_fails: settings.max_fails,
            fail_timeout: settings.fail_timeout.0,
            max_conns: NonZeroU32::new(settings.max_conns),
            slow_start: settings.slow_start.0,
            backup: settings.backup,
            down: false,
        }
    }
}

impl From<State> for Command {
    fn from(state: State) -> Self {
        match state {
            State::Up => Self::Up,
            State::Drain => Self::Drain,
            State::Down => Self::Down,
        }
    }
}

/// A change as it was asked for.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Add(Settings),
    Say {
        state: Option<State>,
        weight: Option<NonZeroU32>,
    },
    Remove {
        now: bool,
        /// Whether the configuration has it, too.
        configured: bool,
    },
}

impl From<&Asked> for Change {
    fn from(asked: &Asked) -> Self {
        match asked {
            Asked::Add(settings) => Self::Add(settings.into()),
            Asked::Say { state, weight } => Self::Say(Override {
                command: state.map(Command::from),
                weight: *weight,
            }),
            Asked::Remove { now, .. } => Self::Remove { now: *now },
        }
    }
}

impl StateFile {
    /// Reads the file; there need not be one yet.
    pub(super) fn open(path: &Path) -> Result<Self, BadState> {
        let path = path.to_owned();
        let saved = match std::fs::read_to_string(&path) {
            Ok(text) => read(&text).map_err(|error| BadState::Unknown {
                path: path.clone(),
                error,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Saved {
                version: VERSION,
                upstreams: BTreeMap::new(),
            },
            Err(error) => return Err(BadState::Unreadable { path, error }),
        };
        Ok(Self {
            path,
            saved: Mutex::new(saved),
        })
    }

    /// Writes a change down; it is there for good when this returns.
    pub(super) fn save(
        &self,
        upstream: &str,
        address: &Address,
        asked: &Asked,
    ) -> Result<(), BadState> {
        let mut saved = lock(&self.saved);
        let mut new = saved.clone();
        let servers = new.upstreams.entry(upstream.to_owned()).or_default();
        let server = servers.entry(address.to_string()).or_default();
        match asked {
            Asked::Add(settings) => {
                *server = SavedServer {
                    added: Some(settings.clone()),
                    removed: server.removed,
                    ..SavedServer::default()
                }
            }
            Asked::Say { state, weight } => {
                server.state = state.or(server.state);
                server.weight = weight.or(server.weight);
            }
            Asked::Remove { configured, .. } => {
                *server = SavedServer {
                    removed: server.removed || *configured,
                    ..SavedServer::default()
                }
            }
        }
        // Of a server that was only added, nothing is left.
        servers.retain(|_, server| *server != SavedServer::default());
        write(&self.path, &new).map_err(|error| BadState::Unwritable {
            path: self.path.clone(),
            error,
        })?;
        *saved = new;
        Ok(())
    }

    /// Changes the servers of `upstreams` as the file says. What it says of others is kept for when
    /// they are there.
    pub(crate) fn restore<'a>(
        &self,
        upstreams: impl Iterator<Item = &'a Arc<Upstream>>,
        metrics: &Metrics,
    ) {
        let saved = lock(&self.saved);
        for upstream in upstreams {
            let Some(servers) = saved.upstreams.get(upstream.name()) else {
                continue;
            };
            let servers = servers.iter().filter_map(|(label, server)| {
                let address = label.parse::<Address>().ok()?;
                Some((address, server.restored()))
            });
            upstream.servers.restore(servers.collect(), metrics);
        }
    }
}

impl SavedServer {
    fn restored(&self) -> Restored {
        Restored {
            removed: self.removed,
            added: self.added.as_ref().map(balance::Server::from),
            said: Override {
                command: self.state.map(Command::from),
                weight: self.weight,
            },
        }
    }
}

/// The only version so far.
const VERSION: u32 = 1;

fn read(text: &str) -> Result<Saved, String> {
    /// Looked at first: another version may have any other keys.
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if version != VERSION {
        return Err(format!(
            "it is of version {version}, and this edge knows {VERSION}"
        ));
    }
    let saved: Saved = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for address in saved.upstreams.values().flat_map(BTreeMap::keys) {
        if address.parse::<Address>().is_err() {
            return Err(format!("`{address}` is not an address"));
        }
    }
    Ok(saved)
}

fn write(path: &Path, saved: &Saved) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(saved)?;
    text.push('\n');
    daemon::replace(path, text.as_bytes())
}
