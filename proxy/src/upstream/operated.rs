//! Servers that operators change, add and remove while the edge runs.

use std::collections::HashMap;
use std::time::Instant;

use edge_core::address::Address;
use edge_core::balance::{self, Standing};
use serde_json::json;

use super::members::Override;
use super::servers::Row;
use super::{Server, Servers};
use crate::buffer::lock;
use crate::metrics::Metrics;

/// Why the servers stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unchanged {
    /// There is none at this address.
    #[error("the upstream has no server at this address")]
    Unknown,
    /// There is one already.
    #[error("the upstream has a server at this address; PATCH changes it")]
    Known,
    /// An upstream without servers can answer nothing.
    #[error("it is the upstream's last server; add another first")]
    Last,
}

impl Servers {
    /// Whether `change` could be carried out.
    pub(crate) fn allows(&self, change: &Change, address: &Address) -> Result<(), Unchanged> {
        let members = lock(&self.members);
        match change {
            Change::Add(_) if members.has(address) => Err(Unchanged::Known),
            Change::Say(_) | Change::Remove { .. } if !members.has(address) => {
                Err(Unchanged::Unknown)
            }
            Change::Remove { .. } if members.is_last(address) => Err(Unchanged::Last),
            Change::Add(_) | Change::Say(_) | Change::Remove { .. } => Ok(()),
        }
    }

    /// Does what an operator says about a server.
    pub(crate) fn change(
        &self,
        address: &Address,
        change: Change,
        metrics: &Metrics,
    ) -> Result<(), Unchanged> {
        self.allows(&change, address)?;
        let mut members = lock(&self.members);
        match change {
            Change::Add(settings) => members.add(address.clone(), settings),
            Change::Say(said) => {
                let known = members.commands.entry(address.clone()).or_default();
                known.command = said.command.or(known.command);
                known.weight = said.weight.or(known.weight);
            }
            Change::Remove { now } => {
                let busy = !now && self.is_busy(address);
                members.remove(address, busy);
            }
        }
        self.update(&mut members, metrics, Instant::now());
        Ok(())
    }

    /// Takes up what operators changed before a restart. What would leave no server is passed over.
    pub(crate) fn restore(&self, servers: Vec<(Address, Restored)>, metrics: &Metrics) {
        let mut members = lock(&self.members);
        for (address, restored) in servers {
            members.restore(address, restored);
        }
        if members.readmit() {
            tracing::warn!(
                upstream.name = %self.name,
                "operators have removed all servers that the configuration has now; they are asked again"
            );
        }
        self.update(&mut members, metrics, Instant::now());
    }

    /// Lets those servers go that were removed and whose last request has ended.
    pub(crate) fn sweep(&self, metrics: &Metrics) {
        let mut members = lock(&self.members);
        if members.sweep(|address| self.is_busy(address)) {
            self.update(&mut members, metrics, Instant::now());
        }
    }

    fn is_busy(&self, address: &Address) -> bool {
        let members = self.members();
        let found = members
            .iter()
            .find(|(_, server)| server.address == *address);
        let group = &lock(&self.state).group;
        found.is_some_and(|(index, _)| group.active(*index) > 0)
    }

    /// The servers as operators see them.
    pub(crate) fn rows(&self, now: Instant) -> Vec<Row> {
        let present = self.members();
        let members = lock(&self.members);
        let wanted: HashMap<_, _> = members.wanted().into_iter().collect();
        let group = &lock(&self.state).group;
        let row = |(index, server): (usize, std::sync::Arc<Server>)| {
            Some(Row {
                settings: wanted.get(&server.address)?.clone(),
                standing: group.standing(index, now),
                active: group.active(index),
                leaving: members.is_leaving(&server.address),
                added: members.is_added(&server.address),
                server,
            })
        };
        present.into_iter().filter_map(row).collect()
    }

    /// Brings `edge_upstream_up` up to date, and tells operators what has changed. An ejection ends
    /// without any event, so the control calls this every second as well.
    pub(crate) fn show_standings(&self, now: Instant) {
        let present = self.members();
        let standings: Vec<Standing> = {
            let group = &lock(&self.state).group;
            let indices = present.iter().map(|(index, _)| *index);
            indices.map(|index| group.standing(index, now)).collect()
        };
        for ((_, server), standing) in present.iter().zip(standings) {
            self.show(server, standing);
        }
    }

    /// The same for one server, of which it is known.
    pub(super) fn show(&self, server: &Server, standing: Standing) {
        server.up.set(i64::from(standing == Standing::Up));
        if !server.shows(standing) {
            return;
        }
        let message = format!(
            "{} of {} is now {}",
            server.label,
            self.name,
            phrase(standing)
        );
        let now = json!({
            "upstream": self.name,
            "server": server.label,
            "state": word(standing),
            "why": why(standing, server),
        });
        self.events.push("server", &message, now);
    }
}

/// What an operator says about one server.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// There is another one.
    Add(balance::Server),
    /// It is to be asked, or not; its weight.
    Say(Override),
    /// It is to go: `now`, or once its last request has ended.
    Remove {
        /// Whether the requests under way are not waited for; they end as they would.
        now: bool,
    },
}

/// What operators have changed of a server before a restart.
#[derive(Debug, Clone)]
pub(crate) struct Restored {
    /// The configuration's is gone.
    pub(crate) removed: bool,
    /// It is one server more.
    pub(crate) added: Option<balance::Server>,
    /// What else was said.
    pub(crate) said: Override,
}

impl Row {
    /// Its state in a word.
    pub(crate) fn state(&self) -> &'static str {
        if self.leaving {
            "leaving"
        } else {
            word(self.standing)
        }
    }

    /// Why it is not asked, if it is not.
    pub(crate) fn why(&self) -> Option<String> {
        if self.leaving {
            return Some("removed by an operator; its last requests are under way".to_owned());
        }
        if self.settings.down {
            return Some("down in the configuration".to_owned());
        }
        why(self.standing, &self.server)
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Up => "up",
        Standing::Draining => "drain",
        Standing::Unhealthy => "unhealthy",
        Standing::Ejected => "ejected",
        Standing::Down => "down",
    }
}

fn phrase(standing: Standing) -> &'static str {
    match standing {
        Standing::Draining => "being drained",
        Standing::Ejected => "taken out",
        Standing::Up | Standing::Unhealthy | Standing::Down => word(standing),
    }
}

fn why(standing: Standing, server: &Server) -> Option<String> {
    match standing {
        Standing::Up => None,
        Standing::Draining => Some("drained by an operator".to_owned()),
        Standing::Unhealthy => Some(match server.unwell() {
            Some(failure) => format!("probes fail: {failure}"),
            None => "probes fail".to_owned(),
        }),
        Standing::Ejected => Some("too many requests failed".to_owned()),
        Standing::Down => Some("taken out".to_owned()),
    }
}
