//! The connection of an instance to its network: sockets, and tasks that listen to them.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;
use vrrp::frame::{self, Form, Mac};
use vrrp::wire::{Heard, Mode, Receiver, Sender, Terms};

use crate::clock;
use crate::config::{Instance, Witness};
use crate::metrics::OfInstance;
use crate::net::{Ear, Facts, LONGEST_ADVERT, LONGEST_ANSWER, Mouth, Neighbours};

/// What a line tells.
#[derive(Debug)]
pub(crate) enum Said {
    /// An advert that is to be believed, and the station it came from.
    Advert(Heard, Option<Mac>),
    /// Somebody else has this address.
    Has(IpAddr, Mac),
}

/// The sockets of one instance on its interface.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) facts: Facts,
    pub(crate) source: IpAddr,
    sender: Sender,
    destinations: Vec<IpAddr>,
    mouth: Mouth,
    neighbours: Arc<Neighbours>,
    addresses: Vec<IpAddr>,
    /// They end with the line.
    _tasks: JoinSet<()>,
}

impl Line {
    /// Opens the sockets, and listens.
    pub(crate) fn open(
        config: &Instance,
        facts: Facts,
        source: IpAddr,
        metrics: &OfInstance,
        tell: &mpsc::Sender<(u64, Said)>,
        id: u64,
    ) -> io::Result<Self> {
        let terms = config.wire_terms(source);
        let ear = Ear::open(&config.interface, config.virtual_router_id, config.is_v6())?;
        let neighbours = Arc::new(Neighbours::open(&config.interface, config.is_v6())?);
        let mouth = Mouth::open(&config.interface, &facts, source)?;
        let addresses: Vec<IpAddr> = config.addresses.iter().map(IpNet::addr).collect();
        let mut tasks = JoinSet::new();
        let destinations = terms.destinations();
        let sender = Sender::new(&terms);
        tasks.spawn(listen(
            ear,
            terms,
            config.name.clone(),
            metrics.clone(),
            tell.clone(),
            id,
        ));
        let gateway = match &config.witness {
            Some(Witness::Gateway(gateway, _)) => Some(*gateway),
            Some(Witness::Http(..) | Witness::Holder(_)) | None => None,
        };
        let asked = addresses.iter().copied().chain(gateway).collect();
        let own = facts.mac;
        tasks.spawn(answers(
            Arc::clone(&neighbours),
            own,
            asked,
            tell.clone(),
            id,
        ));
        Ok(Self {
            facts,
            source,
            sender,
            destinations,
            mouth,
            neighbours,
            addresses,
            _tasks: tasks,
        })
    }

    /// Sends an advert to everybody; the first error, if there is one.
    pub(crate) fn advertise(&mut self, priority: u8, interval: Duration) -> io::Result<()> {
        let mut result = Ok(());
        for destination in &self.destinations {
            let wall = clock::wall();
            let message = self
                .sender
                .advert(priority, interval, self.source, *destination, wall);
            result = result.and(self.mouth.say(&message, *destination));
        }
        result
    }

    /// Tells all neighbours that the addresses are at `owner`: at this node if it is `None`.
    pub(crate) fn announce(&self, owner: Option<Mac>) -> io::Result<()> {
        let own = self.facts.mac;
        let owner = owner.unwrap_or(own);
        let mut result = Ok(());
        for address in &self.addresses {
            for form in [Form::Request, Form::Reply] {
                let frame = frame::corrective(own, owner, *address, form);
                result = result.and(self.neighbours.send(&frame));
            }
        }
        result
    }

    /// Asks who else has the addresses.
    pub(crate) fn probe(&self) -> io::Result<()> {
        self.addresses
            .iter()
            .try_for_each(|address| self.ask(*address))
    }

    /// Asks who has an address.
    pub(crate) fn ask(&self, address: IpAddr) -> io::Result<()> {
        self.neighbours.send(&frame::probe(self.facts.mac, address))
    }
}

/// Where an instance speaks from: what is configured, or the first address of its interface that is not
/// one of those that it moves. Over IPv6 that is a link-local one, unless its peers are not.
pub(crate) fn source(config: &Instance, facts: &Facts) -> Option<IpAddr> {
    let own = facts.addresses.iter().map(IpNet::addr);
    let mut own = own.filter(|address| {
        config
            .addresses
            .iter()
            .all(|moved| moved.addr() != *address)
            && address.is_ipv6() == config.is_v6()
    });
    if let Some(source) = config.source {
        return own.find(|address| *address == source);
    }
    let is_local = |address: IpAddr| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let local = match &config.mode {
        Mode::Multicast => true,
        Mode::Unicast { peers, .. } => peers.iter().all(|peer| is_local(*peer)),
    };
    own.find(|address| is_local(*address) == local)
}

/// So many packets are judged before others have their turn.
const TURN: u32 = 32;

/// Judges what is heard. It never keeps more waiting than the kernel does.
async fn listen(
    ear: Ear,
    terms: Terms,
    name: String,
    metrics: OfInstance,
    tell: mpsc::Sender<(u64, Said)>,
    id: u64,
) {
    let own = terms.dialect();
    let mut receiver = Receiver::new(terms);
    let mut buffer = [0; LONGEST_ADVERT];
    let mut told = BTreeSet::new();
    let mut in_a_row = 0_u32;
    loop {
        let (packet, station) = match ear.next(&mut buffer).await {
            Ok(heard) => heard,
            Err(error) => {
                tracing::warn!(instance = name, %error, "adverts cannot be heard");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        match receiver.hear(packet, clock::wall()) {
            Ok(heard) => {
                metrics.received(None);
                if heard.addresses_differ && told.insert("addresses") {
                    tracing::warn!(instance = name, source = %heard.source, "a node has other addresses");
                }
                if heard.dialect != own && told.insert(heard.dialect.label()) {
                    let theirs = heard.dialect.label();
                    tracing::warn!(instance = name, source = %heard.source, theirs, "a node sums otherwise; it may not hear this one (`checksum`)");
                }
                if tell.send((id, Said::Advert(heard, station))).await.is_err() {
                    return;
                }
            }
            Err(cause) => {
                metrics.received(Some(cause));
                // Counters say how often; the log says that.
                if told.insert(cause.label()) {
                    tracing::warn!(
                        instance = name,
                        cause = cause.label(),
                        "an advert was discarded: it {cause}"
                    );
                }
            }
        }
        // Whoever sends many of them does not keep adverts from being sent.
        in_a_row = in_a_row.wrapping_add(1);
        if in_a_row.is_multiple_of(TURN) {
            yield_now().await;
        }
    }
}

/// Passes on who has an address that was asked for.
async fn answers(
    neighbours: Arc<Neighbours>,
    own: Mac,
    asked: Vec<IpAddr>,
    tell: mpsc::Sender<(u64, Said)>,
    id: u64,
) {
    let mut buffer = [0; LONGEST_ANSWER];
    loop {
        let Ok(answer) = neighbours.next(&mut buffer).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        for address in &asked {
            if let Some(mac) = frame::answer(answer, own, *address)
                && tell.send((id, Said::Has(*address, mac))).await.is_err()
            {
                return;
            }
        }
    }
}
