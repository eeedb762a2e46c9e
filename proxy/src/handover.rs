//! One process taking the place of another without a client noticing (SIGUSR2, `hifate-edge upgrade`).
//!
//! The process that runs, the [`successor`]'s parent, starts the new binary with one end of a socket
//! pair as its standard input, and a variable that says so. Through it go a [`Manifest`] and the
//! descriptors that it names; then the two talk in words:
//!
//! ```text
//! old                                new
//!  ├── manifest, descriptors ────────►│  reads its configuration, binds what is new,
//!  │                                  │  has its workers accept connections, proves that they do
//!  │◄──────────────── ready, kept ────┤
//!  ├── go ───────────────────────────►│  writes the pid file, gives Unix sockets their place
//!  │◄───────────────────── serving ───┤
//!  ├── (tells the service manager) ───│
//!  ├── end of the stream ────────────►│  tells the service manager that it is ready
//!  │  stops accepting, drains, ends
//! ```
//!
//! Until the old process has read `serving` it accepts connections as ever, and whatever goes wrong
//! means that the new process ends, and nothing else. See docs/adr/0030-hand-over.md.

mod binary;
mod predecessor;
mod successor;
mod wire;

use std::io;

use edge_core::balance::{Command, Memory};
use serde::{Deserialize, Serialize};

pub(crate) use self::binary::Binary;
pub(crate) use self::predecessor::Predecessor;
pub(crate) use self::successor::Successor;

/// Says that standard input is a [`Predecessor`]'s.
const VARIABLE: &str = "HIFATE_EDGE_HANDOVER";

/// What the two processes have to agree on. A new process that speaks another version is refused by
/// itself, and has to be started in the place of one that was stopped.
const VERSION: u32 = 1;

/// What the new process gets to know before anything else.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    version: u32,
    /// What the descriptors that follow are, in their order.
    pub(crate) descriptors: Vec<Descriptor>,
    /// The generation of the configuration in use.
    pub(crate) generation: u64,
    /// What has been counted of upgrades.
    pub(crate) upgrades: Upgrades,
    /// What is known of servers.
    pub(crate) upstreams: Vec<UpstreamMemory>,
}

impl Manifest {
    /// What this version of the program has to say.
    pub(crate) fn new(
        descriptors: Vec<Descriptor>,
        generation: u64,
        upgrades: Upgrades,
        upstreams: Vec<UpstreamMemory>,
    ) -> Self {
        Self {
            version: VERSION,
            descriptors,
            generation,
            upgrades,
            upstreams,
        }
    }
}

/// A descriptor that is handed over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Descriptor {
    /// What the old process has as its standard input, which it may be told by to end.
    Stdin,
    /// A listening socket.
    Socket {
        /// Where clients find it.
        address: String,
        /// Whether the service manager has bound it, and holds it as well.
        service_manager: bool,
    },
}

/// Upgrades by result, since the first of the processes was started.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Upgrades {
    /// Those that put another process in the place of one.
    pub(crate) success: u64,
    /// Those that left everything as it was.
    pub(crate) failure: u64,
}

/// What is known of the servers of an upstream.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UpstreamMemory {
    /// Its name.
    pub(crate) name: String,
    /// The addresses last found for each name.
    pub(crate) found: Vec<(String, Vec<String>)>,
    /// Its servers, by address.
    pub(crate) servers: Vec<ServerMemory>,
}

/// What is known of a server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServerMemory {
    /// Where it is.
    pub(crate) address: String,
    /// What an operator has said of it.
    pub(crate) command: Option<Command>,
    /// The weight that an operator has given it.
    pub(crate) weight: Option<std::num::NonZeroU32>,
    /// What it has shown itself to be.
    pub(crate) memory: Option<Memory>,
}

/// What the new process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// It accepts connections.
    Ready {
        /// The addresses at which it uses the sockets that were handed over.
        kept: Vec<String>,
    },
    /// It cannot, and ends.
    Failed {
        /// Why.
        reason: String,
    },
    /// It is the one to be found from now on.
    Serving,
}

/// What the old process says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// Be the one to be found.
    Go,
}

/// Why a process does not take another's place, or nobody takes this one's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The binary cannot be executed.
    #[error("{0} cannot be started: {1}")]
    Start(String, io::Error),
    /// It ended before it was to.
    #[error("the new process ended ({0}) before it was ready")]
    Ended(std::process::ExitStatus),
    /// It did not answer.
    #[error("the new process was not ready within {0:?} (server.upgrade_timeout)")]
    Silent(std::time::Duration),
    /// It has said why it cannot.
    #[error("the new process cannot take over: {0}")]
    Failed(String),
    /// The two do not understand each other.
    #[error("the new process says something else than was to be said next")]
    Nonsense,
    /// The new one is of a version that hands over otherwise.
    #[error(
        "the running process hands over by version {0} of the protocol and this program knows only \
         version {VERSION}; stop it and start this one"
    )]
    Version(u32),
    /// What was to be handed over did not come.
    #[error("the hand-over failed: {0}")]
    Io(#[from] io::Error),
}
