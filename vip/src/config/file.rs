//! The configuration as it is written in `vip.toml`.

use daemon::log::{Format, Level};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;
use std::time::Duration;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The port for operators.
    pub admin: Admin,
    /// What the daemon says about itself.
    pub log: Log,
    /// The virtual routers of this node.
    pub instance: Vec<Instance>,
}

/// The port for operators: metrics, health, status, handing over.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Address and port, on loopback.
    pub listen: String,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9181".to_owned(),
        }
    }
}

/// What the daemon says about itself, on standard error.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How much is logged; `RUST_LOG`, where set, decides instead.
    pub level: Level,
    /// How a line is written.
    pub format: Format,
}

/// One virtual router: addresses that are on exactly one of several nodes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// A name for logs and metrics.
    pub name: String,
    /// The network interface that gets the addresses.
    pub interface: String,
    /// The same number on all nodes, and no other's on this network: 1 to 255.
    pub virtual_router_id: u8,
    /// Who holds the addresses if several can: the highest. 1 to 254; 255 is for the owner of the addresses,
    /// whom nobody ever takes them from.
    pub priority: u8,
    /// The priority of the other node, where there is one: `check` proves with it that weights suffice.
    #[serde(default)]
    pub peer_priority: Option<u8>,
    /// The version of VRRP: 3, or 2 for keepalived peers that speak that.
    #[serde(default = "defaults::version")]
    pub version: u8,
    /// The addresses, all IPv4 or all IPv6, with the length of their prefix; /32 or /128 if absent.
    pub addresses: Vec<String>,
    /// How often the holder says that it is there. VRRPv3: 10 ms to 40.95 s; VRRPv2: whole seconds.
    /// 100 ms if absent, 1 s with version 2, as keepalived.
    #[serde(default)]
    pub advert_interval: Option<Period>,
    /// The address to speak from; the interface's first one if absent.
    #[serde(default)]
    pub source: Option<String>,
    /// The other nodes, where there is no multicast; empty: multicast.
    #[serde(default)]
    pub peers: Vec<String>,
    /// The least TTL of adverts from peers, if they are routed; 255 means the same network.
    #[serde(default = "defaults::min_ttl")]
    pub min_ttl: u8,
    /// Whether this node takes the addresses from one of a lower priority.
    #[serde(default = "defaults::yes")]
    pub preempt: bool,
    /// How long this node is fit before it does that.
    #[serde(default = "defaults::preempt_delay")]
    pub preempt_delay: Period,
    /// How adverts are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// How long the kernel keeps the addresses if the daemon does not renew them, in whole seconds, more than
    /// four intervals; 0: for ever, also when the daemon is dead. If absent: 2 s, or as much as is needed.
    #[serde(default)]
    pub lease: Option<Period>,
    /// What the checksum of VRRPv3 over IPv4 covers.
    #[serde(default)]
    pub checksum: Checksum,
    /// The longest interval that is believed of others; 1 s or three of the own ones, whichever is longer, if
    /// absent.
    #[serde(default)]
    pub max_accept_interval: Option<Period>,
    /// How often neighbours are reminded where the addresses are; 0: never.
    #[serde(default = "defaults::announce_interval")]
    pub announce_interval: Period,
    /// Whether this node, when what it tracks is down, still takes addresses that nobody else holds.
    #[serde(default = "defaults::yes")]
    pub last_resort: bool,
    /// Instances of one group hold their addresses together or not at all.
    #[serde(default)]
    pub group: Option<String>,
    /// Who is asked before a silent holder is replaced.
    #[serde(default)]
    pub witness: Option<Witness>,
    /// What this node needs in order to hold the addresses.
    #[serde(default)]
    pub track: Vec<Track>,
    /// What is run when the state changes.
    #[serde(default)]
    pub notify: Notify,
}

/// How adverts are authenticated.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// Not at all: whoever is on the network can take the addresses.
    #[default]
    None,
    /// VRRPv2's password, which everybody on the network can read.
    Pass {
        /// A file with the password, of which 8 characters count.
        password_file: String,
    },
    /// HMAC-SHA-256 in keepalived 2.4's trailer.
    Hmac {
        /// A file with one key in each line, `ID KEY`: ID is 1 to 255, KEY 32 to 64 characters, or as many
        /// bytes in hexadecimal after `0x`. The first is signed with, all are accepted.
        key_file: String,
        /// How much it is insisted on.
        #[serde(default)]
        mode: HmacMode,
        /// How far clocks may differ; 5 s or three intervals, whichever is longer, if absent.
        #[serde(default)]
        window: Option<Period>,
    },
}

/// How much authentication is insisted on. A pair is changed over in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HmacMode {
    /// Sent without, and checked where it is there.
    ReceiveOnly,
    /// Sent, and checked where it is there.
    Permissive,
    /// Sent and demanded.
    #[default]
    Enforce,
}

/// What the checksum of VRRPv3 over IPv4 covers. All are accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// Addresses too, as keepalived and FRR have it.
    #[default]
    PseudoHeader,
    /// The message alone, as RFC 9568 and most routers have it.
    Rfc9568,
    /// As keepalived had it up to 1.3.6, and has with `old_unicast_checksum`.
    OldUnicast,
}

/// Who is asked before a silent holder is replaced: one of `gateway`, `http` and `holder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// An address on the same network that answers ARP or neighbour solicitations whenever this node is connected.
    #[serde(default)]
    pub gateway: Option<String>,
    /// `http://HOST:PORT/PATH` of a third node, which answers 2xx.
    #[serde(default)]
    pub http: Option<String>,
    /// The silent holder itself: as long as it answers ARP or neighbour solicitations for the addresses, only
    /// its adverts are lost, or its lease is not over. Both nodes need a lease for that; a holder that was killed
    /// is then replaced when its lease is over, and not before.
    #[serde(default)]
    pub holder: bool,
    /// How long it may take.
    #[serde(default = "defaults::witness_timeout")]
    pub timeout: Period,
}

/// One thing that this node needs: exactly one of `edge`, `http`, `tcp`, `script`, `interface`, `file`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// A name for logs and metrics; what is tracked if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The admin port of the edge on this machine: it has to be ready, and a connection that is held shows at
    /// once when it ends.
    #[serde(default)]
    pub edge: Option<String>,
    /// `http://HOST:PORT/PATH`, which answers 2xx.
    #[serde(default)]
    pub http: Option<String>,
    /// `HOST:PORT`, which accepts connections.
    #[serde(default)]
    pub tcp: Option<String>,
    /// A program and its arguments, which exits with 0. There is no shell.
    #[serde(default)]
    pub script: Option<Vec<String>>,
    /// A network interface, which is up and has a carrier.
    #[serde(default)]
    pub interface: Option<String>,
    /// A file, which is there and does not say 0.
    #[serde(default)]
    pub file: Option<String>,
    /// Between the beginnings of two looks.
    #[serde(default)]
    pub interval: Option<Period>,
    /// How long one may take; the interval if absent.
    #[serde(default)]
    pub timeout: Option<Period>,
    /// Down after so many failures in a row.
    #[serde(default = "defaults::few")]
    pub fall: u32,
    /// Up again after so many successes.
    #[serde(default = "defaults::few")]
    pub rise: u32,
    /// What it means when it is down.
    #[serde(default)]
    pub weight: Weight,
}

/// What it means when something that is tracked is down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Weight {
    /// `"fault"`: this node cannot serve.
    Fault(Fault),
    /// Added to the priority: a negative number while it is down, a positive one while it is up.
    Points(i16),
}

impl Default for Weight {
    fn default() -> Self {
        Self::Fault(Fault::Fault)
    }
}

/// The word `"fault"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// This node cannot serve.
    Fault,
}

/// What is run when the state changes: programs and their arguments, without a shell. The event is in
/// their environment (`VIP_INSTANCE`, `VIP_STATE`, `VIP_REASON`, `VIP_PRIORITY`, `VIP_INTERFACE`, `VIP_ADDRESSES`,
/// `VIP_GENERATION`) and, as JSON, on their standard input.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// When this node gets the addresses.
    pub master: Option<Vec<String>>,
    /// When it loses them, or is ready for them.
    pub backup: Option<Vec<String>>,
    /// When it cannot hold them.
    pub fault: Option<Vec<String>>,
    /// When the daemon ends.
    pub stop: Option<Vec<String>>,
    /// At each of these, with keepalived's arguments after the own ones: `INSTANCE NAME STATE PRIORITY`.
    pub any: Option<Vec<String>>,
    /// How long one may take before it is killed.
    pub timeout: Period,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            master: None,
            backup: None,
            fault: None,
            stop: None,
            any: None,
            timeout: Period(Duration::from_secs(30)),
        }
    }
}

/// What is meant by what is not written.
mod defaults {
    use std::time::Duration;

    use settings::Period;

    pub(super) fn version() -> u8 {
        3
    }

    pub(super) fn min_ttl() -> u8 {
        255
    }

    pub(super) fn yes() -> bool {
        true
    }

    pub(super) fn preempt_delay() -> Period {
        Period(Duration::from_secs(5))
    }

    pub(super) fn announce_interval() -> Period {
        Period(Duration::from_secs(10))
    }

    pub(super) fn witness_timeout() -> Period {
        Period(Duration::from_millis(200))
    }

    pub(super) fn few() -> u32 {
        2
    }
}
