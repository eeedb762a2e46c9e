//! Who the servers of an upstream are: configured, found by name, changed by operators.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use edge_core::address::Address;
use edge_core::balance::{self, Command};
use edge_core::config::{self, ServerAddress};

use super::operated::Restored;

/// What the members are made of.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) configured: Vec<config::UpstreamServer>,
    /// The addresses last found for each name.
    pub(super) found: HashMap<String, Vec<Address>>,
    /// What an operator has said.
    pub(super) commands: HashMap<Address, Override>,
    /// Servers that an operator has added.
    added: Vec<(Address, balance::Server)>,
    /// Servers of the configuration that an operator has removed.
    removed: HashSet<Address>,
    /// Servers that go as soon as their last request has ended.
    leaving: HashSet<Address>,
    /// Whether there has been a configuration before: servers that come later start slowly.
    pub(super) started: bool,
}

/// What an operator has said about a server, whatever the configuration says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Override {
    /// Whether it is to be asked.
    pub(crate) command: Option<Command>,
    /// Its weight.
    pub(crate) weight: Option<NonZeroU32>,
}

impl Members {
    /// Each address once, with its settings.
    pub(super) fn wanted(&self) -> Vec<(Address, balance::Server)> {
        let mut wanted = Vec::new();
        let mut seen = HashSet::new();
        let configured = self.configured();
        let configured = configured
            .filter(|(address, _)| !self.removed.contains(address) || self.is_leaving(address));
        let added = self.added.iter();
        let added = added.map(|(address, settings)| (address, settings));
        for (address, settings) in configured.chain(added) {
            if !seen.insert(address) {
                continue;
            }
            let mut settings = settings.clone();
            let said = self.commands.get(address).copied().unwrap_or_default();
            settings.weight = said.weight.unwrap_or(settings.weight);
            wanted.push((address.clone(), settings));
        }
        wanted
    }

    /// The addresses of the configuration, and those of its names.
    fn configured(&self) -> impl Iterator<Item = (&Address, &balance::Server)> {
        self.configured.iter().flat_map(|server| {
            let addresses = match &server.address {
                ServerAddress::At(address) => std::slice::from_ref(address),
                ServerAddress::Name { .. } => {
                    let found = self.found.get(&server.address.to_string());
                    found.map_or(&[][..], Vec::as_slice)
                }
            };
            addresses.iter().map(|address| (address, &server.settings))
        })
    }

    /// Takes the servers of another configuration. A server that an operator has added and that is
    /// configured now is as it is configured; one that was removed and is no longer configured need
    /// not be remembered.
    pub(super) fn configure(&mut self, servers: &[config::UpstreamServer]) {
        self.configured = servers.to_vec();
        let named = |address: &Address| {
            servers.iter().any(|server| match &server.address {
                ServerAddress::At(at) => at == address,
                ServerAddress::Name { .. } => false,
            })
        };
        let names = servers
            .iter()
            .any(|server| matches!(server.address, ServerAddress::Name { .. }));
        let (added, removed) = (&mut self.added, &mut self.removed);
        added.retain(|(address, _)| !named(address) || removed.contains(address));
        removed.retain(|address| names || named(address));
    }

    /// Whether it goes as soon as its last request has ended.
    pub(super) fn is_leaving(&self, address: &Address) -> bool {
        self.leaving.contains(address)
    }

    /// Whether an operator has added it.
    pub(super) fn is_added(&self, address: &Address) -> bool {
        self.added.iter().any(|(other, _)| other == address)
    }

    /// Whether it is there to stay.
    pub(super) fn has(&self, address: &Address) -> bool {
        let wanted = self.wanted();
        wanted.iter().any(|(other, _)| other == address) && !self.is_leaving(address)
    }

    /// Whether there would be none without it.
    pub(super) fn is_last(&self, address: &Address) -> bool {
        let wanted = self.wanted();
        let mut others = wanted.iter().map(|(other, _)| other);
        !others.any(|other| other != address && !self.is_leaving(other))
    }

    /// Adds a server, also one that was removed or is leaving.
    pub(super) fn add(&mut self, address: Address, settings: balance::Server) {
        if self.leaving.remove(&address) {
            self.commands.remove(&address);
        }
        self.added.retain(|(other, _)| *other != address);
        self.added.push((address, settings));
    }

    /// Removes a server; while it is `busy` it is only leaving.
    pub(super) fn remove(&mut self, address: &Address, busy: bool) {
        if self.configured().any(|(other, _)| other == address) {
            self.removed.insert(address.clone());
        }
        if busy {
            self.leaving.insert(address.clone());
        } else {
            self.forget(address);
        }
    }

    /// Takes up what was changed before a restart.
    pub(super) fn restore(&mut self, address: Address, restored: Restored) {
        if restored.removed {
            self.removed.insert(address.clone());
        }
        if let Some(settings) = restored.added {
            self.added.push((address.clone(), settings));
        }
        self.commands.insert(address, restored.said);
    }

    /// Takes removed servers back if there are no others; whether that was so.
    pub(super) fn readmit(&mut self) -> bool {
        let empty = self.wanted().is_empty() && self.configured().next().is_some();
        if empty {
            self.removed.clear();
        }
        empty
    }

    /// Lets those go that are leaving and not `busy` any more; whether there are any.
    pub(super) fn sweep(&mut self, busy: impl Fn(&Address) -> bool) -> bool {
        let leaving = self.leaving.iter();
        let gone: Vec<Address> = leaving.filter(|address| !busy(address)).cloned().collect();
        for address in &gone {
            self.forget(address);
        }
        !gone.is_empty()
    }

    fn forget(&mut self, address: &Address) {
        self.leaving.remove(address);
        self.commands.remove(address);
        self.added.retain(|(other, _)| other != address);
    }
}
