//! The servers of one upstream through all reloads.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use edge_core::address::Address;
use edge_core::balance::{self, Command, Group, Standing};
use edge_core::budget::{Budget, Terms};
use edge_core::config;
use edge_core::health::Change;
use prometheus::IntGauge;
use serde_json::json;
use tokio::sync::watch;

use super::Server;
use super::lease::Waiting;
use super::members::{Members, Override};
use crate::buffer::lock;
use crate::events::Events;
use crate::handover::{ServerMemory, UpstreamMemory};
use crate::metrics::Metrics;

/// Servers, what is known about each, and who waits for one.
#[derive(Debug)]
pub(crate) struct Servers {
    /// The upstream's name.
    pub(super) name: String,
    pub(super) state: Mutex<State>,
    /// How many wait for a server.
    pub(super) queued: IntGauge,
    /// By the group's slots.
    slots: ArcSwap<Vec<Option<Arc<Server>>>>,
    pub(super) members: Mutex<Members>,
    /// Where operators learn what has happened.
    pub(super) events: Arc<Events>,
    /// Counts the changes of who is a member.
    changes: watch::Sender<u64>,
}

/// What changes with every request; one lock, held for as long as a decision takes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) group: Group,
    pub(super) waiting: Waiting,
    pub(super) budget: Budget,
}

/// A server as it is shown to operators.
#[derive(Debug)]
pub(crate) struct Row {
    /// The server.
    pub(crate) server: Arc<Server>,
    /// What is configured for it, with what an operator has changed.
    pub(crate) settings: balance::Server,
    /// Whether it is asked.
    pub(crate) standing: Standing,
    /// Requests it is answering.
    pub(crate) active: u32,
    /// Whether it goes as soon as these have ended.
    pub(crate) leaving: bool,
    /// Whether an operator has added it.
    pub(crate) added: bool,
}

impl Servers {
    /// Without any server.
    pub(super) fn new(config: &config::Upstream, metrics: &Metrics) -> Self {
        Self {
            queued: metrics.upstream_queued.with_label_values(&[&config.name]),
            name: config.name.clone(),
            events: Arc::clone(&metrics.events),
            state: Mutex::new(State {
                group: Group::new(config.method, config.profile),
                waiting: Waiting::default(),
                budget: Budget::default(),
            }),
            slots: ArcSwap::default(),
            members: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Makes the servers those of `config`.
    pub(super) fn apply(&self, config: &config::Upstream, metrics: &Metrics, now: Instant) {
        let mut members = lock(&self.members);
        members.configure(&config.servers);
        lock(&self.state)
            .group
            .reconfigure(config.method, config.profile);
        self.update(&mut members, metrics, now);
        members.started = true;
    }

    /// Takes the addresses of a name; those found before are kept when there are none.
    pub(crate) fn found(&self, host: &str, addresses: Vec<SocketAddr>, metrics: &Metrics) {
        let addresses: Vec<_> = addresses.into_iter().map(Address::Tcp).collect();
        let mut members = lock(&self.members);
        if members.found.get(host) == Some(&addresses) {
            return;
        }
        tracing::info!(upstream.name = %self.name, host, ?addresses, "the name has these addresses");
        members.found.insert(host.to_owned(), addresses);
        self.update(&mut members, metrics, Instant::now());
    }

    /// Brings the group and the slots in line with what is wanted.
    pub(super) fn update(&self, members: &mut Members, metrics: &Metrics, now: Instant) {
        let wanted = members.wanted();
        let mut state = lock(&self.state);
        let group = &mut state.group;
        let mut slots: Vec<Option<Arc<Server>>> = self.slots.load().to_vec();
        let stays: HashSet<&Address> = wanted.iter().map(|(address, _)| address).collect();
        let mut known = HashMap::new();
        for (index, slot) in slots.iter_mut().enumerate() {
            let Some(server) = slot else { continue };
            if stays.contains(&server.address) {
                known.insert(server.address.clone(), index);
            } else {
                group.remove(index);
                server.up.set(0);
                let message = format!("{} of {} is gone", server.label, self.name);
                let gone =
                    json!({ "upstream": self.name, "server": server.label, "state": "gone" });
                self.events.push("server", &message, gone);
                *slot = None;
            }
        }
        for (address, settings) in wanted {
            let index = if let Some(index) = known.get(&address).copied() {
                group.set(index, settings);
                index
            } else {
                let server = Server::new(&self.name, address.clone(), metrics);
                let warm = !members.started;
                let index = group.insert(settings, &server.label, &server.token, now, warm);
                slots.resize(slots.len().max(index + 1), None);
                if let Some(slot) = slots.get_mut(index) {
                    *slot = Some(Arc::new(server));
                }
                index
            };
            let said = members.commands.get(&address).copied().unwrap_or_default();
            let command = if members.is_leaving(&address) {
                Command::Down
            } else {
                said.command.unwrap_or_default()
            };
            group.command(index, command);
        }
        state.waiting.wake_one();
        // Under the lock: who picks a slot must find the server that was meant.
        self.slots.store(Arc::new(slots));
        drop(state);
        self.changes.send_modify(|changes| *changes += 1);
        self.show_standings(now);
    }

    /// The server in a slot.
    pub(super) fn server(&self, index: usize) -> Option<Arc<Server>> {
        self.slots.load().get(index).cloned().flatten()
    }

    /// How many servers could be asked for one request, one after the other.
    pub(crate) fn count(&self) -> usize {
        self.slots.load().iter().flatten().count()
    }

    /// Tells of every change of who is a member.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The servers by their slots.
    pub(crate) fn members(&self) -> Vec<(usize, Arc<Server>)> {
        let slots = self.slots.load();
        let present = slots.iter().enumerate();
        present
            .filter_map(|(index, slot)| Some((index, Arc::clone(slot.as_ref()?))))
            .collect()
    }

    /// Whether one more retry is afforded.
    pub(crate) fn affords_retry(&self, terms: Terms, now: Instant) -> bool {
        lock(&self.state).budget.affords(terms, now)
    }

    /// Counts a retry.
    pub(crate) fn count_retry(&self, now: Instant) {
        lock(&self.state).budget.withdraw(now);
    }

    /// Notes the outcome of a probe, `failure` being why it failed, and says so if that changes the verdict.
    pub(crate) fn probed(
        &self,
        (index, server): (usize, &Server),
        failure: Option<&str>,
        probe: &config::Probe,
    ) {
        let now = Instant::now();
        server.probed(failure);
        let mut state = lock(&self.state);
        let thresholds = &probe.thresholds;
        let change = state
            .group
            .handle_probe(index, failure.is_none(), thresholds, now);
        if change == Some(Change::Up) {
            state.waiting.wake_one();
        }
        let standing = state.group.standing(index, now);
        drop(state);
        match change {
            Some(Change::Up) => tracing::info!(
                upstream.name = %self.name,
                server.addr = %server.label,
                "healthy again: {} probes in a row passed",
                probe.thresholds.rise
            ),
            Some(Change::Down) => tracing::warn!(
                upstream.name = %self.name,
                server.addr = %server.label,
                reason = failure.unwrap_or_default(),
                "unhealthy: {} probes in a row failed",
                probe.thresholds.fall
            ),
            None => {}
        }
        // Another server may have got its slot since it was asked.
        if self.server(index).is_some_and(|now| now.id == server.id) {
            self.show(server, standing);
        }
    }

    /// What is known, for a process that takes over.
    pub(crate) fn memory(&self, now: Instant) -> UpstreamMemory {
        let present = self.members();
        let members = lock(&self.members);
        let group = &lock(&self.state).group;
        let addresses = |found: &[Address]| found.iter().map(ToString::to_string).collect();
        let found = members.found.iter();
        UpstreamMemory {
            name: self.name.clone(),
            found: found
                .map(|(host, found)| (host.clone(), addresses(found)))
                .collect(),
            servers: present
                .iter()
                .map(|(index, server)| {
                    let said = members.commands.get(&server.address);
                    let said = said.copied().unwrap_or_default();
                    ServerMemory {
                        address: server.label.clone(),
                        command: said.command,
                        weight: said.weight,
                        memory: group.memory(*index, now),
                    }
                })
                .collect(),
        }
    }

    /// Goes on with what another process knew; `probed`: there are probes.
    pub(crate) fn recall(
        &self,
        known: &UpstreamMemory,
        probed: bool,
        metrics: &Metrics,
        now: Instant,
    ) {
        let mut members = lock(&self.members);
        for (host, addresses) in &known.found {
            let addresses = addresses.iter().filter_map(|address| address.parse().ok());
            members.found.insert(host.clone(), addresses.collect());
        }
        for server in &known.servers {
            let said = Override {
                command: server.command,
                weight: server.weight,
            };
            if let Ok(address) = server.address.parse::<Address>()
                && (said.command.is_some() || said.weight.is_some())
            {
                members.commands.insert(address, said);
            }
        }
        // None of them is new.
        members.started = false;
        self.update(&mut members, metrics, now);
        members.started = true;
        let known = known.servers.iter();
        let known: HashMap<&str, _> = known
            .filter_map(|known| Some((known.address.as_str(), known.memory.as_ref()?)))
            .collect();
        for (index, server) in self.members() {
            if let Some(memory) = known.get(server.label.as_str()) {
                lock(&self.state).group.recall(index, memory, probed, now);
            }
        }
        drop(members);
        self.show_standings(now);
    }

    /// Whether any server is up.
    pub(crate) fn is_up(&self, now: Instant) -> bool {
        let slots = self.slots.load();
        let group = &lock(&self.state).group;
        (0..slots.len()).any(|index| group.standing(index, now) == Standing::Up)
    }
}
