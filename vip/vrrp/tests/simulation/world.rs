//! Nodes, the network between them, the kernel under each, and a client that believes announcements.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use fastrand::Rng;
use vrrp::Moment;
use vrrp::router::{Condition, Heard, Input, Output, Router, State, Terms};
use vrrp::timing::Skew;

use super::fault::Fault;

pub(crate) const LEASE: Duration = Duration::from_secs(2);

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// One machine.
pub(crate) struct Node {
    /// None while its daemon is dead.
    pub(crate) router: Option<Router>,
    pub(crate) terms: Terms,
    pub(crate) fit: bool,
    /// What comes while the daemon is frozen waits in its socket.
    pub(crate) frozen: bool,
    waiting: Vec<Heard>,
    /// Until when its kernel keeps the address.
    pub(crate) address: Option<Moment>,
    pub(crate) sent: u64,
    pub(crate) changes: u64,
    /// The timeout that it waits for.
    tick: Option<Moment>,
    /// Counts lives, so that what was meant for an earlier one is lost.
    life: u32,
}

impl Node {
    pub(crate) fn holds(&self, now: Moment) -> bool {
        self.address.is_some_and(|until| now < until)
    }

    /// Whether it can serve, and its daemon knows.
    pub(crate) fn is_good(&self) -> bool {
        self.fit && !self.frozen && self.router.is_some()
    }

    pub(crate) fn is_master(&self) -> bool {
        let router = self.router.as_ref();
        !self.frozen && router.is_some_and(|router| router.state() == State::Master)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive(usize, (IpAddr, u8, Duration)),
    Taken(usize, u32),
    /// The node, and the timeout that this is for, of which there is one.
    Tick(usize, Moment),
    Fault(Fault),
    Check,
}

pub(crate) struct World {
    pub(crate) nodes: Vec<Node>,
    /// Who cannot hear whom: the side that each node is on.
    pub(crate) side: Vec<u8>,
    /// Of a thousand packets, how many are lost.
    pub(crate) loss: u32,
    pub(crate) now: Moment,
    /// When something last went wrong.
    pub(crate) disturbed: Moment,
    /// Whom clients take for the holder of the address.
    pub(crate) believed: Option<usize>,
    pub(crate) rng: Rng,
    events: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    counted: u64,
    tells: bool,
    pub(crate) broken: Option<String>,
}

impl World {
    pub(crate) fn new(seed: u64, tells: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let count = rng.usize(2..=5);
        let interval = ms([50, 100, 100, 1000][rng.usize(0..4)]);
        let pair = count == 2 && rng.bool();
        let preempt = rng.u8(0..4) > 0;
        let last_resort = rng.u8(0..4) > 0;
        let nodes = (1_u8..)
            .take(count)
            .map(|number| {
                let terms = Terms {
                    priority: rng.u8(20..=254),
                    interval,
                    skew: Skew::Interval,
                    preempt: preempt.then(|| ms(rng.u64(0..3) * 500)),
                    pair,
                    source: IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)),
                    lease: Some(LEASE),
                    refresh: Some(Duration::from_secs(10)),
                    last_resort,
                    witness: false,
                };
                Node {
                    router: None,
                    terms,
                    fit: true,
                    frozen: false,
                    waiting: Vec::new(),
                    address: None,
                    sent: 0,
                    changes: 0,
                    tick: None,
                    life: 0,
                }
            })
            .collect();
        let mut world = Self {
            side: vec![0; count],
            nodes,
            loss: 0,
            now: Moment::default(),
            disturbed: Moment::default(),
            believed: None,
            rng,
            events: BinaryHeap::new(),
            counted: 0,
            tells,
            broken: None,
        };
        for index in 0..count {
            world.start(index);
        }
        world
    }

    /// Lives through some faults, each followed by a while of trouble or of peace, and then to a quiet end.
    pub(crate) fn live(&mut self) -> Result<(), String> {
        for _ in 0..self.rng.u32(1..12) {
            let pause = [ms(40), ms(700), self.peace()][self.rng.usize(0..3)];
            let pause = pause.mul_f64(0.5 + self.rng.f64());
            self.run(self.now + pause)?;
            let fault = Fault::any(self);
            self.tell(|| format!("{fault:?}"));
            self.disturbed = self.now;
            fault.happen(self);
        }
        self.run(self.now + self.peace())?;
        self.mend();
        self.run(self.now + self.peace() * 2)?;
        self.check_end()
    }

    /// How long everything takes that follows from a fault: a lease, a handover, the longest delay, an
    /// election or two.
    pub(crate) fn peace(&self) -> Duration {
        let interval = self.nodes.iter().map(|node| node.terms.interval).max();
        LEASE + ms(2000 + 1500) + interval.unwrap_or_default() * 10
    }

    pub(crate) fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.run(self.now + time)
    }

    fn run(&mut self, until: Moment) -> Result<(), String> {
        let until_check = self.now + ms(self.rng.u64(1..200));
        self.plan(until_check, Event::Check);
        while let Some(Reverse((at, _, _))) = self.events.peek()
            && *at <= until
        {
            let Some(Reverse((at, _, event))) = self.events.pop() else {
                break;
            };
            self.now = at;
            match event {
                Event::Arrive(node, (source, priority, interval)) => {
                    let heard = Heard {
                        source,
                        priority,
                        interval,
                    };
                    self.arrive(node, heard);
                }
                Event::Taken(node, life) if self.nodes[node].life == life => {
                    self.input(node, Input::Taken(true));
                }
                Event::Taken(..) => {}
                Event::Tick(node, at) => {
                    if self.nodes[node].tick == Some(at) {
                        self.nodes[node].tick = None;
                        self.input(node, Input::Tick);
                    }
                }
                Event::Fault(fault) => fault.happen(self),
                Event::Check => {
                    self.check_now()?;
                    let next = self.now + ms(37);
                    if next <= until {
                        self.plan(next, Event::Check);
                    }
                }
            }
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
        }
        self.now = until;
        Ok(())
    }

    fn plan(&mut self, at: Moment, event: Event) {
        self.counted += 1;
        self.events.push(Reverse((at, self.counted, event)));
    }

    pub(crate) fn later(&mut self, after: Duration, fault: Fault) {
        self.plan(self.now + after, Event::Fault(fault));
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.tells {
            println!("{} {}", self.now, what());
        }
    }

    /// Starts the daemon of a node.
    pub(crate) fn start(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.life += 1;
        node.frozen = false;
        node.waiting.clear();
        node.tick = None;
        node.router = Some(Router::new(node.terms.clone()));
        self.condition(index);
    }

    /// Tells a daemon how its service is.
    pub(crate) fn condition(&mut self, index: usize) {
        let condition = if self.nodes[index].fit {
            Condition::Fit { adjustment: 0 }
        } else {
            Condition::Unfit
        };
        self.input(index, Input::Condition(condition));
    }

    fn arrive(&mut self, index: usize, heard: Heard) {
        let node = &mut self.nodes[index];
        if node.frozen {
            node.waiting.push(heard);
        } else {
            self.input(index, Input::Heard(heard));
        }
    }

    /// Lets a frozen daemon go on.
    pub(crate) fn thaw(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.frozen = false;
        let waiting = std::mem::take(&mut node.waiting);
        if node.address.is_none() {
            self.input(index, Input::Lost);
        }
        for heard in waiting {
            self.input(index, Input::Heard(heard));
        }
        // Its trackers have been frozen as well.
        self.condition(index);
    }

    pub(crate) fn input(&mut self, index: usize, input: Input) {
        let now = self.now;
        let node = &mut self.nodes[index];
        let Some(router) = node.router.as_mut().filter(|_| !node.frozen) else {
            return;
        };
        router.handle(input, now);
        self.obey(index);
    }

    /// Does what a router wants to have done.
    pub(crate) fn obey(&mut self, index: usize) {
        let mut outputs = Vec::new();
        if let Some(router) = self.nodes[index].router.as_mut() {
            outputs.extend(std::iter::from_fn(|| router.poll_output()));
        }
        for output in outputs {
            self.output(index, output);
        }
        let Some(router) = self.nodes[index].router.as_ref() else {
            return;
        };
        if router.is_stopped() {
            self.nodes[index].router = None;
        } else if let Some(at) = router.timeout()
            && self.nodes[index].tick != Some(at)
        {
            self.nodes[index].tick = Some(at);
            // Nothing wakes up exactly on time.
            let late = Duration::from_micros(self.rng.u64(0..800));
            self.plan(at.max(self.now) + late, Event::Tick(index, at));
        }
    }

    fn output(&mut self, index: usize, output: Output) {
        let now = self.now;
        match output {
            Output::Send { priority } => self.send(index, priority),
            Output::Take => {
                let delay = Duration::from_micros(self.rng.u64(20..1500));
                let node = &mut self.nodes[index];
                node.address = Some(now + LEASE);
                let life = node.life;
                self.plan(now + delay, Event::Taken(index, life));
            }
            Output::Renew => self.nodes[index].address = Some(now + LEASE),
            Output::Drop => self.nodes[index].address = None,
            Output::Announce => self.believed = Some(index),
            Output::Correct { winner } => {
                self.believed =
                    (0..self.nodes.len()).find(|other| self.nodes[*other].terms.source == winner);
            }
            Output::Became { state, reason } => {
                self.nodes[index].changes += 1;
                self.tell(|| format!("node {index}: {state}, {reason}"));
            }
            Output::Probe | Output::Ask => {}
        }
    }

    fn send(&mut self, index: usize, priority: u8) {
        let node = &mut self.nodes[index];
        node.sent += 1;
        if priority > 0 && !node.holds(self.now) {
            self.broken = Some(format!("node {index} advertises what it has not"));
        }
        let node = &self.nodes[index];
        let advert = (node.terms.source, priority, node.terms.interval);
        for other in 0..self.nodes.len() {
            if other == index || self.side[other] != self.side[index] {
                continue;
            }
            let copies = if self.rng.u32(0..1000) < self.loss {
                // Where some are lost, others come twice.
                self.rng.u32(0..4).saturating_sub(1)
            } else {
                1
            };
            for _ in 0..copies {
                let most = if self.loss > 0 { 30_000 } else { 1000 };
                let delay = Duration::from_micros(self.rng.u64(50..most));
                self.plan(self.now + delay, Event::Arrive(other, advert));
            }
        }
    }
}
