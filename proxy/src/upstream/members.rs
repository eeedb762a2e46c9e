//! Who the servers of an upstream are: configured, found by name, changed by operators.

use std::collections::HashMap;
use std::num::NonZeroU32;

use edge_core::address::Address;
use edge_core::balance::{self, Command};
use edge_core::config::{self, ServerAddress};

/// What the members are made of.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) configured: Vec<config::UpstreamServer>,
    /// The addresses last found for each name.
    pub(super) found: HashMap<String, Vec<Address>>,
    /// What an operator has said.
    pub(super) commands: HashMap<Address, Override>,
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
        let mut wanted: Vec<(Address, balance::Server)> = Vec::new();
        for server in &self.configured {
            let addresses = match &server.address {
                ServerAddress::At(address) => std::slice::from_ref(address),
                ServerAddress::Name { .. } => {
                    let found = self.found.get(&server.address.to_string());
                    found.map_or(&[][..], Vec::as_slice)
                }
            };
            for address in addresses {
                if wanted.iter().any(|(other, _)| other == address) {
                    continue;
                }
                let mut settings = server.settings.clone();
                let said = self.commands.get(address).copied().unwrap_or_default();
                settings.weight = said.weight.unwrap_or(settings.weight);
                wanted.push((address.clone(), settings));
            }
        }
        wanted
    }
}
