//! `vrrp_instance`.

use std::time::Duration;

use ipnet::IpNet;

use super::catalogue::{self, Level};
use super::{Said, number, script};
use crate::finding::{Findings, Severity};
use crate::syntax::{At, Statement};

/// A virtual router.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) name: Said<String>,
    pub(crate) state: Option<Said<String>>,
    pub(crate) interface: Option<Said<String>>,
    pub(crate) virtual_router_id: Option<Said<u8>>,
    pub(crate) priority: Option<Said<u8>>,
    pub(crate) version: Option<Said<u8>>,
    pub(crate) advert_interval: Option<Said<Duration>>,
    pub(crate) source: Option<Said<String>>,
    /// There is a `unicast_peer`, though it may be empty.
    pub(crate) is_unicast: bool,
    pub(crate) peers: Vec<Said<String>>,
    pub(crate) min_ttl: Option<Said<u8>>,
    pub(crate) nopreempt: Option<Said<()>>,
    pub(crate) preempt_delay: Option<Said<Duration>>,
    pub(crate) auth: Option<Auth>,
    pub(crate) addresses: Vec<Said<String>>,
    pub(crate) refresh: Option<Said<Duration>>,
    pub(crate) tracked: Vec<Tracked>,
    pub(crate) notified: Vec<Notified>,
}

/// How packets are authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    pub(crate) at: At,
    pub(crate) kind: String,
    /// Where the password is, and what it is. This is never printed.
    pub(crate) password: Option<(At, String)>,
}

/// What an instance needs.
#[derive(Debug, Clone)]
pub(crate) struct Tracked {
    pub(crate) at: At,
    pub(crate) what: What,
    pub(crate) weight: Option<i16>,
}

/// A script or an interface, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Script(String),
    Interface(String),
}

impl What {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Script(name) | Self::Interface(name) => name,
        }
    }
}

/// What is run when the state changes: the key of `[instance.notify]`, and the command.
#[derive(Debug, Clone)]
pub(crate) struct Notified {
    pub(crate) key: &'static str,
    pub(crate) command: Said<String>,
}

impl Instance {
    pub(super) fn read(block: &Statement, findings: &mut Findings) -> Self {
        let mut instance = Self {
            name: Said::new(block.word().to_owned(), block),
            state: None,
            interface: None,
            virtual_router_id: None,
            priority: None,
            version: None,
            advert_interval: None,
            source: None,
            is_unicast: false,
            peers: Vec::new(),
            min_ttl: None,
            nopreempt: None,
            preempt_delay: None,
            auth: None,
            addresses: Vec::new(),
            refresh: None,
            tracked: Vec::new(),
            notified: Vec::new(),
        };
        for statement in block.inside() {
            instance.statement(statement, findings);
        }
        instance
    }

    /// The priority. keepalived's default is 100, and 255 for who starts as master: both seen with 2.2.7.
    pub(crate) fn priority(&self) -> u8 {
        let is_master = self
            .state
            .as_ref()
            .is_some_and(|said| said.value == "MASTER");
        let default = if is_master { 255 } else { 100 };
        self.priority.as_ref().map_or(default, |said| said.value)
    }

    /// keepalived's default is one second.
    pub(crate) fn advert_interval(&self) -> Duration {
        let said = self.advert_interval.as_ref();
        said.map_or(Duration::from_secs(1), |said| said.value)
    }

    /// Whether its addresses are IPv6: all are of the first one's family.
    pub(crate) fn is_v6(&self) -> bool {
        self.addresses
            .first()
            .is_some_and(|said| said.value.contains(':'))
    }

    /// Whether it speaks version 3: in IPv6 there is no other.
    pub(crate) fn speaks_v3(&self) -> bool {
        self.is_v6() || self.version.as_ref().is_some_and(|said| said.value == 3)
    }

    fn statement(&mut self, statement: &Statement, findings: &mut Findings) {
        let text = || Some(Said::new(statement.word().to_owned(), statement));
        match statement.keyword.as_str() {
            "state" => self.state = text(),
            "interface" => self.interface = text(),
            "virtual_router_id" => {
                self.virtual_router_id = number::whole(statement, 1..=255, findings);
            }
            // One that is invalid is not the same as none.
            "priority" => {
                let priority = number::whole(statement, 1..=255, findings);
                self.priority = Some(priority.unwrap_or_else(|| Said::new(100, statement)));
            }
            "version" => self.version = number::whole(statement, 2..=3, findings),
            "advert_int" => self.advert_interval = number::seconds(statement, findings),
            "mcast_src_ip" | "unicast_src_ip" => self.source = text(),
            "unicast_peer" => self.peers(statement, findings),
            "preempt" => {}
            "nopreempt" => self.nopreempt = Some(Said::new((), statement)),
            "preempt_delay" => self.preempt_delay = number::seconds(statement, findings),
            "authentication" => self.auth = Some(Auth::read(statement, findings)),
            "virtual_ipaddress" => self.addresses(statement, findings),
            "garp_master_refresh" => self.refresh = number::seconds(statement, findings),
            "track_script" | "track_interface" => tracked(statement, &mut self.tracked, findings),
            "notify_master" => self.notified("master", statement, findings),
            "notify_backup" => self.notified("backup", statement, findings),
            "notify_fault" => self.notified("fault", statement, findings),
            "notify_stop" => self.notified("stop", statement, findings),
            "notify" => self.notified("any", statement, findings),
            _ => catalogue::tell(Level::Instance, statement, findings),
        }
    }

    fn peers(&mut self, block: &Statement, findings: &mut Findings) {
        self.is_unicast = true;
        for peer in block.inside() {
            let mut address = Said::new(peer.keyword.clone(), peer);
            address.was = format!("unicast_peer {}", peer.keyword);
            self.peers.push(address);
            let mut options = peer.words.iter();
            while let Some(option) = options.next() {
                let value = options.next();
                match (option.as_str(), value.and_then(|value| value.parse().ok())) {
                    ("min_ttl", Some(ttl)) => self.min_ttl = Some(Said::new(ttl, peer)),
                    _ => told(peer, option, findings),
                }
            }
        }
    }

    fn addresses(&mut self, block: &Statement, findings: &mut Findings) {
        for line in block.inside() {
            let written = line.keyword.as_str();
            let is_address =
                written.parse::<IpNet>().is_ok() || written.parse::<std::net::IpAddr>().is_ok();
            if !is_address && !written.contains('$') {
                let message = format!("`{written}` is no address: keepalived skips it");
                findings.add(("invalid", Severity::Problem), &line.at, message, "");
                continue;
            }
            if self.is_taken(line, findings) {
                self.addresses.push(Said::new(written.to_owned(), line));
                self.address_options(line, findings);
            }
        }
    }

    /// Whether an address can be with those there are.
    fn is_taken(&self, line: &Statement, findings: &mut Findings) -> bool {
        let written = line.keyword.as_str();
        let bare = |written: &str| written.split('/').next().map(str::to_owned);
        if self
            .addresses
            .iter()
            .any(|said| bare(&said.value) == bare(written))
        {
            let message = format!("{written} is said twice");
            findings.add(("twice", Severity::Note), &line.at, message, "");
            return false;
        }
        if !self.addresses.is_empty() && self.is_v6() != written.contains(':') {
            findings.add(
                ("families", Severity::Problem),
                &line.at,
                format!("{written} is not of the first address's family: keepalived ignores it"),
                "write an instance of its own, and give both the same `group`",
            );
            return false;
        }
        true
    }

    fn address_options(&self, line: &Statement, findings: &mut Findings) {
        let mut options = line.words.iter();
        while let Some(option) = options.next() {
            match option.as_str() {
                "dev" => {
                    let device = options.next().map_or("", String::as_str);
                    let own = self.interface.as_ref().map(|said| said.value.as_str());
                    if own != Some(device) {
                        findings.add(
                            ("not-translated", Severity::Lost),
                            &line.at,
                            format!(
                                "{} on {device}: all addresses of an instance are on its interface",
                                line.keyword
                            ),
                            "write an instance of its own, and give both the same `group`",
                        );
                    }
                }
                // What the kernel makes of an address without being told.
                "brd" | "broadcast" | "scope" => {
                    options.next();
                    let message = format!("`{option}` is not set: the kernel's default is taken");
                    findings.add(("differs", Severity::Note), &line.at, message, "");
                }
                "label" => {
                    options.next();
                    let message = "labels are not set; `ip address` shows the address all the same";
                    findings.add(("differs", Severity::Note), &line.at, message, "");
                }
                _ => told(line, option, findings),
            }
        }
    }

    fn notified(&mut self, key: &'static str, statement: &Statement, findings: &mut Findings) {
        if self.notified.iter().any(|said| said.key == key) {
            let message = format!(
                "`{}` was said before: keepalived ignores this",
                statement.keyword
            );
            findings.add(("twice", Severity::Problem), &statement.at, message, "");
            return;
        }
        let command = Said::new(statement.word().to_owned(), statement);
        self.notified.push(Notified { key, command });
        if statement.words.len() > 1 {
            let message = "programs are run as the daemon's user";
            findings.add(("user", Severity::Differs), &statement.at, message, "");
        }
    }
}

impl Auth {
    fn read(block: &Statement, findings: &mut Findings) -> Self {
        let mut auth = Self {
            at: block.at.clone(),
            kind: String::new(),
            password: None,
        };
        for statement in block.inside() {
            match statement.keyword.as_str() {
                "auth_type" => statement.word().clone_into(&mut auth.kind),
                "auth_pass" => {
                    auth.password = Some((statement.at.clone(), statement.word().to_owned()));
                }
                _ => catalogue::tell(Level::Instance, statement, findings),
            }
        }
        auth
    }
}

/// Reads what is tracked in a block of its own.
pub(super) fn tracked(block: &Statement, into: &mut Vec<Tracked>, findings: &mut Findings) {
    for line in block.inside() {
        let name = line.keyword.clone();
        let what = if block.keyword == "track_script" {
            What::Script(name)
        } else {
            What::Interface(name)
        };
        let mut weight = None;
        let mut options = line.words.iter();
        while let Some(option) = options.next() {
            match option.as_str() {
                "weight" => weight = options.next().and_then(|value| value.parse().ok()),
                "reverse" => script::reversed(line, findings),
                "no_reverse" | "noreverse" => {}
                _ => told(line, option, findings),
            }
        }
        if into.iter().any(|tracked| tracked.what == what) {
            let message = format!("{} is tracked twice", what.name());
            findings.add(("twice", Severity::Problem), &line.at, message, "");
            continue;
        }
        let at = line.at.clone();
        into.push(Tracked { at, what, weight });
    }
}

/// Tells an option that nothing is made of.
fn told(line: &Statement, option: &str, findings: &mut Findings) {
    let message = format!("`{option}` of {} is not translated", line.keyword);
    findings.add(("not-translated", Severity::Lost), &line.at, message, "");
}
