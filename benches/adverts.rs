//! Two nodes that speak VRRP with each other, without a network.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vrrp::Moment;
use vrrp::router::{self, Condition, Input, Output, Router};
use vrrp::timing::Skew;
use vrrp::wire::{
    Auth, Checksum, GROUP_V4, Hmac, Key, Mode, Receiver, Rollout, Sender, Terms, Version,
    VirtualRouterId,
};

const INTERVAL: Duration = Duration::from_millis(100);

fn node(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

/// One who sends adverts, and one who judges them.
#[derive(Debug)]
pub struct Adverts {
    sender: Sender,
    receiver: Receiver,
    wall: Duration,
    packet: Vec<u8>,
}

impl Adverts {
    /// With the HMAC of keepalived 2.4, or without.
    pub fn new(signed: bool) -> Option<Self> {
        let key = Key::new(1, &[7; 32]).ok()?;
        let hmac = Hmac {
            keys: vec![key],
            rollout: Rollout::Enforce,
            window: Duration::from_secs(5),
        };
        let terms = |last| {
            Some(Terms {
                version: Version::V3,
                virtual_router_id: VirtualRouterId::new(51)?,
                checksum: Checksum::PseudoHeader,
                auth: if signed {
                    Auth::Hmac(hmac.clone())
                } else {
                    Auth::None
                },
                addresses: vec![node(100)],
                mode: Mode::Multicast,
                source: node(last),
                max_accept_interval: Duration::from_secs(1),
                interval: INTERVAL,
            })
        };
        // An IP header as the receiver wants it: no options, a TTL of 255, protocol 112.
        let mut packet = vec![0x45, 0xc0, 0, 0, 0, 0, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1];
        packet.extend(GROUP_V4.octets());
        Some(Self {
            sender: Sender::new(&terms(1)?),
            receiver: Receiver::new(terms(2)?),
            wall: Duration::from_secs(1_700_000_000),
            packet,
        })
    }

    /// Sends one and hears it; whether it was believed.
    pub fn exchange(&mut self) -> bool {
        self.wall += INTERVAL;
        let group = GROUP_V4.into();
        let message = self.sender.advert(100, INTERVAL, node(1), group, self.wall);
        self.packet.truncate(20);
        self.packet.extend(message);
        let length = u16::try_from(self.packet.len()).unwrap_or_default();
        if let Some(field) = self.packet.get_mut(2..4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        self.receiver.hear(&self.packet, self.wall).is_ok()
    }
}

/// A master and its backup.
#[derive(Debug)]
pub struct Election {
    routers: [Router; 2],
    now: Moment,
}

impl Election {
    /// Both are fit.
    pub fn new() -> Self {
        let router = |last, priority| {
            let mut router = Router::new(router::Terms {
                priority,
                interval: INTERVAL,
                skew: Skew::Interval,
                preempt: Some(Duration::ZERO),
                pair: true,
                source: node(last),
                lease: Some(Duration::from_secs(2)),
                refresh: Some(Duration::from_secs(10)),
                last_resort: true,
                witness: false,
            });
            let fit = Condition::Fit { adjustment: 0 };
            router.handle(Input::Condition(fit), Moment::default());
            router
        };
        Self {
            routers: [router(1, 100), router(2, 90)],
            now: Moment::default(),
        }
    }

    /// Lets both live until the next thing happens; how many adverts were sent.
    pub fn step(&mut self) -> usize {
        let [master, backup] = &mut self.routers;
        let due = [master.timeout(), backup.timeout()];
        self.now = due.into_iter().flatten().min().unwrap_or(self.now);
        master.handle(Input::Tick, self.now);
        backup.handle(Input::Tick, self.now);
        let mut sent = 0;
        while let Some(output) = master.poll_output() {
            if output == Output::Take {
                master.handle(Input::Taken(true), self.now);
            } else if let Output::Send { priority } = output {
                sent += 1;
                let heard = router::Heard {
                    source: node(1),
                    priority,
                    interval: INTERVAL,
                };
                backup.handle(Input::Heard(heard), self.now);
            }
        }
        while backup.poll_output().is_some() {}
        sent
    }
}

impl Default for Election {
    fn default() -> Self {
        Self::new()
    }
}
