//! One virtual router: what is written about it, and what it means.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use settings::{Period, Place, Problems};
use vrrp::router;
use vrrp::timing::Skew;
use vrrp::wire::{self, Auth, Checksum, Mode, Version, VirtualRouterId};

use super::track::{self, Command, HttpUrl, Track};
use super::{file, keys};

/// One virtual router of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its name in logs and metrics.
    pub name: String,
    /// The network interface that gets the addresses.
    pub interface: String,
    /// Its number on that network.
    pub virtual_router_id: VirtualRouterId,
    /// What it speaks.
    pub version: Version,
    /// How it sums.
    pub checksum: Checksum,
    /// How adverts are told from forged ones.
    pub auth: Auth,
    /// What it holds: at least one, all of one family.
    pub addresses: Vec<IpNet>,
    /// Where it speaks from, if not from the interface's first address.
    pub source: Option<IpAddr>,
    /// To whom, and from whom it hears.
    pub mode: Mode,
    /// The longest interval that is believed of others.
    pub max_accept_interval: Duration,
    /// Who goes first.
    pub priority: u8,
    /// The other node's priority, where it is known.
    pub peer_priority: Option<u8>,
    /// Between two adverts.
    pub interval: Duration,
    /// After how long a lower priority is replaced; never if `None`.
    pub preempt: Option<Duration>,
    /// How long the kernel keeps the addresses; for ever if `None`.
    pub lease: Option<Duration>,
    /// How often neighbours are reminded; never if `None`.
    pub refresh: Option<Duration>,
    /// Whether it takes what nobody holds when it cannot serve.
    pub last_resort: bool,
    /// With whom it holds its addresses together.
    pub group: Option<String>,
    /// Who is asked before a silent holder is replaced.
    pub witness: Option<Witness>,
    /// What it needs.
    pub tracks: Vec<Track>,
    /// What is run when its state changes.
    pub notify: Notify,
}

/// Who is asked before a silent holder is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// A neighbour, by ARP or neighbour solicitation.
    Gateway(IpAddr, Duration),
    /// A third node.
    Http(HttpUrl, Duration),
    /// The silent holder: it must not answer for the addresses.
    Holder(Duration),
}

/// What is run when a state changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// When this node gets the addresses.
    pub master: Option<Command>,
    /// When it loses them, or is ready for them.
    pub backup: Option<Command>,
    /// When it cannot hold them.
    pub fault: Option<Command>,
    /// When the daemon ends.
    pub stop: Option<Command>,
    /// At each of these.
    pub any: Option<Command>,
    /// How long one may take.
    pub timeout: Duration,
}

impl Instance {
    /// Whether its addresses are of IPv6.
    pub fn is_v6(&self) -> bool {
        self.addresses
            .iter()
            .any(|address| address.addr().is_ipv6())
    }

    /// Whether the other nodes are neighbours, so that a packet comes from the station of its sender.
    pub fn is_on_link(&self) -> bool {
        match self.mode {
            Mode::Multicast => true,
            Mode::Unicast { minimum_ttl, .. } => minimum_ttl == wire::TTL,
        }
    }

    /// What it speaks, from `source`.
    pub fn wire_terms(&self, source: IpAddr) -> wire::Terms {
        wire::Terms {
            version: self.version,
            virtual_router_id: self.virtual_router_id,
            checksum: self.checksum,
            auth: self.auth.clone(),
            addresses: self.addresses.iter().map(IpNet::addr).collect(),
            mode: self.mode.clone(),
            source,
            max_accept_interval: self.max_accept_interval,
            interval: self.interval,
        }
    }

    /// How it takes part in the election, from `source`.
    pub fn router_terms(&self, source: IpAddr) -> router::Terms {
        router::Terms {
            priority: self.priority,
            interval: self.interval,
            skew: self.skew(),
            preempt: self.preempt,
            pair: matches!(&self.mode, Mode::Unicast { peers, .. } if peers.len() == 1),
            source,
            lease: self.lease,
            refresh: self.refresh,
            last_resort: self.last_resort,
            witness: self.witness.is_some(),
        }
    }

    /// Its version's rule for the skew.
    pub fn skew(&self) -> Skew {
        match self.version {
            Version::V2 => Skew::Second,
            Version::V3 => Skew::Interval,
        }
    }
}

/// What `written` means, if it means something.
pub(super) fn resolve(
    written: &file::Instance,
    at: &Place,
    problems: &mut Problems,
) -> Option<Instance> {
    let addresses = addresses(&written.addresses, &at.key("addresses"), problems);
    let is_v6 = addresses
        .first()
        .is_some_and(|first| first.addr().is_ipv6());
    let version = version(written, is_v6, at, problems);
    let interval = interval(written, version, at, problems);
    let source = written.source.as_deref().and_then(|text| {
        let at = at.key("source");
        problems.ok(&at, of_family(text, is_v6))
    });
    let virtual_router_id = VirtualRouterId::new(written.virtual_router_id);
    if virtual_router_id.is_none() {
        problems.push(&at.key("virtual_router_id"), "0 is no number: 1 to 255");
    }
    if written.priority == 0 {
        problems.push(&at.key("priority"), "0 means to leave: 1 to 255");
    }
    names(written, at, problems);
    let auth = problems.ok(
        &at.key("auth"),
        keys::auth(&written.auth, version, interval),
    );
    let tracks = track::resolve_all(&written.track, &at.key("track"), problems);
    let witness = witness(written.witness.as_ref(), is_v6, at, problems);
    let longest = interval.saturating_mul(3).max(Duration::from_secs(1));
    Some(Instance {
        name: written.name.clone(),
        interface: written.interface.clone(),
        virtual_router_id: virtual_router_id?,
        version,
        checksum: match written.checksum {
            file::Checksum::PseudoHeader => Checksum::PseudoHeader,
            file::Checksum::Rfc9568 => Checksum::Rfc9568,
            file::Checksum::OldUnicast => Checksum::OldUnicast,
        },
        auth: auth?,
        addresses,
        source,
        mode: mode(written, is_v6, at, problems),
        max_accept_interval: written.max_accept_interval.map_or(longest, |given| given.0),
        priority: written.priority,
        peer_priority: written.peer_priority,
        interval,
        preempt: written.preempt.then_some(written.preempt_delay.0),
        lease: lease(written, interval, at, problems),
        refresh: (!written.announce_interval.0.is_zero()).then_some(written.announce_interval.0),
        last_resort: written.last_resort,
        group: written.group.clone(),
        witness,
        tracks,
        notify: notify(&written.notify, &at.key("notify"), problems),
    })
}

fn names(written: &file::Instance, at: &Place, problems: &mut Problems) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if written.name.is_empty() || !written.name.chars().all(plain) {
        problems.push(
            &at.key("name"),
            "a name has letters, digits, `_`, `-` and `.`",
        );
    }
    let is_interface = |c: char| c.is_ascii_graphic() && c != '/';
    let length = written.interface.len();
    if !(1..16).contains(&length) || !written.interface.chars().all(is_interface) {
        let message = format!("`{}` cannot be an interface", written.interface);
        let help = "`ip link` shows those there are";
        problems.push_with_help(&at.key("interface"), message, help);
    }
}

fn addresses(written: &[String], at: &Place, problems: &mut Problems) -> Vec<IpNet> {
    let mut addresses: Vec<IpNet> = Vec::new();
    if written.is_empty() {
        problems.push(at, "there is no address to hold");
    }
    for (index, text) in written.iter().enumerate() {
        let at = at.index(index);
        let parsed: Result<IpNet, _> = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let Ok(address) = parsed else {
            let message = format!("`{text}` is not an address such as 172.16.0.100/32");
            problems.push(&at, message);
            continue;
        };
        let ip = address.addr();
        if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() {
            problems.push(&at, format!("{ip} cannot be held"));
        } else if let Some(first) = addresses.first()
            && first.addr().is_ipv6() != ip.is_ipv6()
        {
            let help = "describe a second instance for the other family, in the same group";
            problems.push_with_help(&at, "an instance holds addresses of one family", help);
        } else if addresses.iter().any(|other| other.addr() == ip) {
            problems.push(&at, format!("{ip} stands here twice"));
        } else {
            addresses.push(address);
        }
    }
    addresses
}

fn version(written: &file::Instance, is_v6: bool, at: &Place, problems: &mut Problems) -> Version {
    let at = at.key("version");
    match written.version {
        2 if is_v6 => problems.push(&at, "IPv6 needs version 3"),
        2 => return Version::V2,
        3 => {}
        other => problems.push(&at, format!("there is no version {other}: 2 or 3")),
    }
    Version::V3
}

/// The interval as the version can carry it: centiseconds in 12 bits, or seconds in 8.
fn interval(
    written: &file::Instance,
    version: Version,
    at: &Place,
    problems: &mut Problems,
) -> Duration {
    let usual = match version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => Duration::from_millis(100),
    };
    let interval = written.advert_interval.map_or(usual, |given| given.0);
    let (unit, most, name) = match version {
        Version::V2 => (1000, 255, "whole seconds, 1s to 255s"),
        Version::V3 => (10, 4095, "a multiple of 10ms, up to 40950ms"),
    };
    let millis = interval.as_millis();
    if !millis.is_multiple_of(unit) || !(1..=most).contains(&(millis / unit)) {
        let message = format!("`{}` cannot be sent: {name}", Period(interval));
        problems.push(&at.key("advert_interval"), message);
    }
    interval
}

/// Multicast, or the peers that are named.
fn mode(written: &file::Instance, is_v6: bool, at: &Place, problems: &mut Problems) -> Mode {
    if written.peers.is_empty() {
        return Mode::Multicast;
    }
    let mut peers = Vec::new();
    for (index, text) in written.peers.iter().enumerate() {
        let at = at.key("peers").index(index);
        peers.extend(problems.ok(&at, of_family(text, is_v6)));
    }
    let minimum_ttl = written.min_ttl;
    Mode::Unicast { peers, minimum_ttl }
}

/// The lease: it outlives the wait of those who take over, so that somebody always answers.
fn lease(
    written: &file::Instance,
    interval: Duration,
    at: &Place,
    problems: &mut Problems,
) -> Option<Duration> {
    let wait = interval.saturating_mul(4);
    let Some(lease) = written.lease else {
        let seconds = wait.as_secs() + 1;
        return Some(Duration::from_secs(seconds.max(2)));
    };
    if lease.0.is_zero() {
        return None;
    }
    let at = at.key("lease");
    if lease.0.subsec_nanos() != 0 {
        let message = format!("`{lease}` is not whole seconds, which the kernel counts in");
        problems.push(&at, message);
    } else if lease.0 <= wait {
        let message = format!(
            "the address would be gone after {lease}, before others take over: up to {} after the last advert",
            Period(wait)
        );
        problems.push(&at, message);
    }
    Some(lease.0)
}

fn of_family(text: &str, v6: bool) -> Result<IpAddr, String> {
    match text.parse::<IpAddr>() {
        Ok(address) if address.is_ipv6() == v6 => Ok(address),
        Ok(_) => Err(format!("`{text}` is not of the family of the addresses")),
        Err(_) => Err(format!("`{text}` is not an address such as 172.16.0.11")),
    }
}

fn witness(
    written: Option<&file::Witness>,
    is_v6: bool,
    at: &Place,
    problems: &mut Problems,
) -> Option<Witness> {
    let at = at.key("witness");
    let file::Witness {
        gateway,
        http,
        holder,
        timeout,
    } = written?;
    match (gateway, http, holder) {
        (None, None, true) => Some(Witness::Holder(timeout.0)),
        (Some(gateway), None, false) => {
            let gateway = problems.ok(&at.key("gateway"), of_family(gateway, is_v6))?;
            Some(Witness::Gateway(gateway, timeout.0))
        }
        (None, Some(url), false) => {
            let url = problems.ok(&at.key("http"), url.parse())?;
            Some(Witness::Http(url, timeout.0))
        }
        _ => {
            problems.push(&at, "a witness is one of `gateway`, `http` and `holder`");
            None
        }
    }
}

fn notify(written: &file::Notify, at: &Place, problems: &mut Problems) -> Notify {
    let mut command = |key: &str, words: &Option<Vec<String>>| -> Option<Command> {
        problems.ok(&at.key(key), Command::parse(words.as_deref()?))
    };
    Notify {
        master: command("master", &written.master),
        backup: command("backup", &written.backup),
        fault: command("fault", &written.fault),
        stop: command("stop", &written.stop),
        any: command("any", &written.any),
        timeout: written.timeout.0,
    }
}

/// Where a file is that is read again and again.
pub(super) fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(format!("`{text}` is not an absolute path"))
    }
}
