//! Listeners, from written to meant.

mod tls;

use std::collections::HashMap;
use std::time::Duration;

use settings::{Period, Place, Problem, Problems};

pub use self::tls::{
    CertificateFiles, CipherSuite, ClientAuth, ListenerCertificate, ListenerTls, Tickets,
    TlsVersion,
};
use super::acme::{Acme, Orders};
use super::{checks, file};
use crate::address::Address;
use crate::networks::Networks;

/// Where clients connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub address: Address,
    /// Connections the kernel holds while the workers are busy.
    pub backlog: i32,
    /// Whether an IPv6 address takes IPv6 clients only.
    pub ipv6_only: bool,
    /// Whether HTTP/2 is spoken with clients that begin with it.
    pub http2: bool,
    /// Probes of silent connections, if any.
    pub keepalive: Option<Keepalive>,
    /// The permissions of a Unix socket.
    pub mode: u32,
    /// Whether connections begin with a PROXY protocol header.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// TLS, if clients speak it.
    pub tls: Option<ListenerTls>,
}

/// Where PROXY protocol headers are expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// Who may connect, and speak for others.
    pub from: Networks,
    /// For the whole header.
    pub timeout: Duration,
}

/// Probes of silent TCP connections; `None` is as the kernel is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keepalive {
    /// Silence before the first probe.
    pub idle: Option<Duration>,
    /// From one probe to the next.
    pub interval: Option<Duration>,
    /// Unanswered probes that end a connection.
    pub probes: Option<u32>,
}

impl Listener {
    /// A listener with the defaults of all options.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            backlog: 511,
            ipv6_only: true,
            http2: true,
            keepalive: None,
            mode: EVERYBODY,
            proxy_protocol: None,
            tls: None,
        }
    }

    /// Whether a socket that is bound for `self` is right for `other` as well.
    pub fn binds_as(&self, other: &Self) -> bool {
        // Every option but those of single connections.
        let with_its_own = Self {
            http2: other.http2,
            proxy_protocol: other.proxy_protocol.clone(),
            tls: other.tls.clone(),
            ..self.clone()
        };
        with_its_own == *other
    }
}

/// nginx leaves its sockets to the permissions of the folder they are in.
const EVERYBODY: u32 = 0o666;

/// All listeners; each address once.
pub(super) fn all(
    written: &[file::Listener],
    acme: Option<&Acme>,
    problems: &mut Problems,
) -> Vec<Listener> {
    let mut orders = Orders::new(acme);
    if written.is_empty() {
        problems.push_with_help(
            &Place::root().key("listener"),
            "there is no listener, so no client can connect",
            "add [[listener]] with address = \"0.0.0.0:80\"",
        );
    }
    let place = Place::root().key("listener");
    let mut listeners: Vec<Listener> = Vec::new();
    let mut seen = HashMap::new();
    for (index, listener) in written.iter().enumerate() {
        let at = place.index(index);
        let Some(address) = checks::socket_address(&listener.address, &at.key("address"), problems)
        else {
            continue;
        };
        if let Some(first) = seen.insert(address.clone(), at.key("address")) {
            let message = format!("{address} is listened on twice");
            problems.note(Problem::new(&at.key("address"), message).other(&first));
        }
        listeners.push(one(listener, address, &at, &mut orders, problems));
    }
    listeners
}

fn one(
    written: &file::Listener,
    address: Address,
    at: &Place,
    orders: &mut Orders<'_>,
    problems: &mut Problems,
) -> Listener {
    let keepalive = keepalive(&written.keepalive, &at.key("keepalive"), problems);
    let mode = written
        .mode
        .as_ref()
        .map(|mode| self::mode(mode, &at.key("mode"), problems));
    let is_unix = matches!(address, Address::Unix(_));
    if mode.is_some() && !is_unix {
        problems.push(&at.key("mode"), "only a Unix socket has permissions");
    }
    if keepalive.is_some() && is_unix {
        let message = "a Unix socket has no silent connections to probe";
        problems.push(&at.key("keepalive"), message);
    }
    if written.ipv6_only.is_some()
        && !matches!(&address, Address::Tcp(address) if address.is_ipv6())
    {
        problems.push(&at.key("ipv6_only"), format!("{address} is not IPv6"));
    }
    let backlog = i32::try_from(written.backlog).unwrap_or_default();
    if backlog < 1 {
        problems.push(&at.key("backlog"), "the backlog is a number from 1 to 2^31");
    }
    Listener {
        address,
        backlog,
        ipv6_only: written.ipv6_only.unwrap_or(true),
        http2: written.http2,
        keepalive,
        mode: mode.unwrap_or(EVERYBODY),
        proxy_protocol: written
            .proxy_protocol
            .as_ref()
            .map(|written| proxy_protocol(written, &at.key("proxy_protocol"), problems)),
        tls: written
            .tls
            .as_ref()
            .map(|written| tls::meant(written, &at.key("tls"), orders, problems)),
    }
}

fn proxy_protocol(
    written: &file::ProxyProtocol,
    at: &Place,
    problems: &mut Problems,
) -> ProxyProtocol {
    if written.from.is_empty() {
        let message = "nobody could connect: name the load balancers";
        problems.push_with_help(&at.key("from"), message, "[\"10.0.0.0/8\"]");
    }
    ProxyProtocol {
        from: checks::networks(&written.from, &at.key("from"), problems),
        timeout: checks::timeout(written.timeout, &at.key("timeout"), problems),
    }
}

fn keepalive(written: &file::Keepalive, at: &Place, problems: &mut Problems) -> Option<Keepalive> {
    match written {
        file::Keepalive::Switch(on) => on.then(Keepalive::default),
        file::Keepalive::Set(probes) => {
            let mut seconds = |period: Option<Period>, key| {
                let period = period?;
                // tcp(7): both options are whole seconds up to 32767.
                let whole = period.0.subsec_nanos() == 0;
                if !whole || !(1..=32_767).contains(&period.0.as_secs()) {
                    problems.push(&at.key(key), "whole seconds from 1 to 32767");
                }
                Some(period.0)
            };
            let idle = seconds(probes.idle, "idle");
            let interval = seconds(probes.interval, "interval");
            if probes
                .probes
                .is_some_and(|probes| !(1..=127).contains(&probes))
            {
                problems.push(&at.key("probes"), "a number from 1 to 127");
            }
            Some(Keepalive {
                idle,
                interval,
                probes: probes.probes,
            })
        }
    }
}

fn mode(text: &str, at: &Place, problems: &mut Problems) -> u32 {
    let mode = u32::from_str_radix(text, 8).ok();
    mode.filter(|mode| *mode <= 0o777 && text.len() >= 3)
        .unwrap_or_else(|| {
            let message = format!("`{text}` is no permission");
            problems.push_with_help(at, message, "octal digits, such as \"0660\"");
            EVERYBODY
        })
}
