//! Doing what routers want.

use std::net::IpAddr;

use vrrp::router::{Input, Output, Reason, State};

use super::Node;
use crate::clock;
use crate::config::{Instance, Witness};
use crate::health::get;
use crate::line::{self, Line};
use crate::net::Facts;
use crate::record::What;
use crate::seat::{NOWHERE, Seat};

impl Node {
    /// Does what a router wants, and what its group has to do because of it.
    pub(super) async fn obey(&mut self, index: usize) {
        let mut became = Vec::new();
        loop {
            let Some(seat) = self.seats.get_mut(index) else {
                return;
            };
            let Some(output) = seat.router.poll_output() else {
                break;
            };
            self.recorder
                .write(clock::now(), &seat.config.name, What::Output(output));
            if let Output::Became { state, reason } = output {
                seat.became(state, reason);
                became.push((state, reason));
            } else if let Some(answer) = self.perform(index, output).await {
                self.inform(index, answer);
            }
        }
        if let Some(seat) = self.seats.get(index) {
            seat.metrics.show(&seat.router);
        }
        for (state, reason) in became {
            self.lead(index, state, reason).await;
        }
    }

    /// Does one thing; what the router has to know of it is the answer.
    async fn perform(&mut self, index: usize, output: Output) -> Option<Input> {
        match output {
            Output::Send { priority } => self.send(index, priority),
            Output::Take => return Some(Input::Taken(self.put(index).await)),
            Output::Renew => return (!self.put(index).await).then_some(Input::Taken(false)),
            Output::Drop => self.remove(index).await,
            Output::Announce => self.on_line(index, "announce", |line| line.announce(None)),
            Output::Probe => self.on_line(index, "probe", Line::probe),
            Output::Correct { winner } => {
                let station = self.seats.get(index).and_then(|seat| seat.station);
                if let Some((_, mac)) = station.filter(|(source, _)| *source == winner) {
                    self.on_line(index, "correct", |line| line.announce(Some(mac)));
                }
            }
            Output::Ask => self.ask(index),
            Output::Became { .. } => {}
        }
        None
    }

    fn send(&mut self, index: usize, priority: u8) {
        let Some(seat) = self.seats.get_mut(index) else {
            return;
        };
        let Some(line) = &mut seat.line else {
            return;
        };
        match line.advertise(priority, seat.config.interval) {
            Ok(()) => seat.metrics.sent.inc(),
            Err(error) => {
                let unsent = &seat.metrics.unsent;
                if unsent.get().is_multiple_of(100) {
                    tracing::warn!(instance = seat.config.name, %error, "an advert cannot be sent");
                }
                unsent.inc();
            }
        }
    }

    async fn put(&self, index: usize) -> bool {
        let Some((seat, line)) = self
            .seats
            .get(index)
            .and_then(|seat| Some((seat, seat.line.as_ref()?)))
        else {
            return false;
        };
        let config = &seat.config;
        let put = self
            .kernel
            .put(line.facts.index, &config.addresses, config.lease)
            .await;
        if let Err(why) = &put {
            tracing::error!(instance = config.name, why, "an address cannot be put");
        }
        put.is_ok()
    }

    async fn remove(&self, index: usize) {
        let Some(seat) = self.seats.get(index) else {
            return;
        };
        let index = match &seat.line {
            Some(line) => Some(line.facts.index),
            None => self
                .kernel
                .look(&seat.config.interface)
                .await
                .map(|facts| facts.index),
        };
        let Some(index) = index else {
            return;
        };
        if let Err(why) = self.kernel.remove(index, &seat.config.addresses).await {
            tracing::error!(
                instance = seat.config.name,
                why,
                "an address cannot be removed"
            );
        }
    }

    fn on_line(&self, index: usize, what: &str, act: impl Fn(&Line) -> std::io::Result<()>) {
        let Some(seat) = self.seats.get(index) else {
            return;
        };
        if let Some(line) = &seat.line
            && let Err(error) = act(line)
        {
            tracing::warn!(instance = seat.config.name, %error, what, "neighbours cannot be told");
        }
    }

    /// Asks the witness. Of neighbours, who answer on the line, silence is an answer, too.
    fn ask(&self, index: usize) {
        let Some((seat, witness)) = self
            .seats
            .get(index)
            .and_then(|seat| Some((seat, seat.config.witness.clone()?)))
        else {
            return;
        };
        let (id, tell) = (seat.id, self.witnessed.sender.clone());
        let (silence, patience) = match witness {
            Witness::Gateway(gateway, patience) => {
                self.on_line(index, "ask", |line| line.ask(gateway));
                (false, patience)
            }
            Witness::Holder(patience) => {
                self.on_line(index, "ask", Line::probe);
                (true, patience)
            }
            Witness::Http(url, patience) => {
                tokio::spawn(async move {
                    let answer = tokio::time::timeout(patience, get(&url)).await;
                    let _over = tell.send((id, matches!(answer, Ok(Ok(()))))).await;
                });
                return;
            }
        };
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            let _over = tell.send((id, silence)).await;
        });
    }

    /// The others of a group follow one that has become something by itself.
    async fn lead(&mut self, index: usize, state: State, reason: Reason) {
        let follows = match (state, reason) {
            (
                State::Master,
                Reason::Group | Reason::Kept | Reason::Nobody | Reason::Fit | Reason::Unfit,
            ) => None,
            (State::Master, _) => Some(State::Master),
            (State::Backup, Reason::Outranked | Reason::Released | Reason::Stalled) => {
                Some(State::Backup)
            }
            (State::Init | State::Backup | State::Fault, _) => None,
        };
        let others: Vec<_> = self.others(index).map(|other| other.id).collect();
        if others.is_empty() {
            return;
        }
        if let Some(state) = follows {
            for id in others {
                Box::pin(self.input(id, Input::Follow(state))).await;
            }
        }
        // What keeps one out keeps all out.
        Box::pin(self.reconsider()).await;
    }

    /// Looks at the interfaces: connects those that have come, disconnects those that have gone.
    pub(super) async fn look(&mut self) {
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats.get(index) else {
                continue;
            };
            let facts = self.kernel.look(&seat.config.interface).await;
            let facts = facts.filter(|facts| facts.is_up);
            let found = facts.and_then(|facts| Some((line::source(&seat.config, &facts)?, facts)));
            let Some((source, facts)) = found else {
                self.disconnect(index);
                continue;
            };
            let is_missing = seat.router.wants_addresses()
                && seat
                    .config
                    .addresses
                    .iter()
                    .any(|own| !facts.addresses.contains(own));
            let same = |line: &Line| {
                (line.source, line.facts.index, line.facts.mac) == (source, facts.index, facts.mac)
            };
            if !seat.line.as_ref().is_some_and(same) {
                self.connect(index, source, facts);
            }
            if is_missing {
                self.tell(index, Input::Lost).await;
            }
        }
        self.reconsider().await;
    }

    fn disconnect(&mut self, index: usize) {
        if let Some(seat) = self.seats.get_mut(index)
            && (seat.line.is_some() || seat.told.is_none())
        {
            let interface = &seat.config.interface;
            tracing::warn!(
                instance = seat.config.name,
                interface,
                "the interface cannot be used: it is not there, has no carrier, or no address"
            );
            seat.line = None;
        }
    }

    pub(super) fn connect(&mut self, index: usize, source: IpAddr, facts: Facts) {
        let Some(seat) = self.seats.get_mut(index) else {
            return;
        };
        // The old sockets go first: packets are not heard twice.
        seat.line = None;
        let tell = &self.said.sender;
        match Line::open(&seat.config, facts, source, &seat.metrics, tell, seat.id) {
            Ok(line) => {
                let interface = &seat.config.interface;
                tracing::info!(instance = seat.config.name, interface, %source, "connected");
                seat.line = Some(line);
                self.advise(index, source);
            }
            Err(error) => {
                let interface = &seat.config.interface;
                tracing::error!(instance = seat.config.name, interface, %error, "the network cannot be used");
            }
        }
    }

    /// Has a router go on under the terms of its configuration.
    pub(super) fn advise(&mut self, index: usize, source: IpAddr) {
        if let Some(seat) = self.seats.get_mut(index) {
            let now = clock::now();
            let terms = seat.config.router_terms(source);
            self.recorder
                .write(now, &seat.config.name, What::Terms(terms.clone()));
            seat.router.reconfigure(terms, now);
        }
    }

    /// Begins an instance.
    pub(super) async fn sit(&mut self, config: Instance) {
        self.next_id += 1;
        let mut seat = Seat::new(self.next_id, config, &self.metrics);
        seat.watch(&self.means(), &self.looks.sender);
        let begin = What::Begin(seat.config.router_terms(NOWHERE));
        self.recorder.write(clock::now(), &seat.config.name, begin);
        self.seats.push(seat);
        let index = self.seats.len() - 1;
        self.obey(index).await;
    }
}
