//! Another configuration for a node at work.

use daemon::lifecycle;
use vrrp::router::Input;

use super::Node;
use crate::config::{Config, Instance};

impl Node {
    /// Reads the configuration again and puts it into use, or leaves everything as it is and says why.
    pub(super) async fn reload(&mut self) {
        lifecycle::reloading();
        let result = match Config::load(&self.path) {
            Ok(loaded) if loaded.config.admin != self.config.admin => {
                tracing::error!("configuration refused: `admin.listen` changes only by a restart");
                "failure"
            }
            Ok(loaded) => {
                if !loaded.warnings.is_empty() {
                    tracing::warn!("{}", loaded.warnings);
                }
                self.log.configure(loaded.config.log_level.into());
                self.replace(loaded.config).await;
                tracing::info!("configuration reloaded");
                "success"
            }
            Err(report) => {
                tracing::error!("configuration refused, the old one stays in use\n{report}");
                "failure"
            }
        };
        self.metrics.reloads.with_label_values(&[result]).inc();
        lifecycle::ready();
    }

    async fn replace(&mut self, config: Config) {
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats.get(index) else {
                continue;
            };
            let kept = config
                .instances
                .iter()
                .find(|new| is_same(new, &seat.config));
            match kept {
                Some(new) if *new == seat.config => {}
                Some(new) => self.change(index, new.clone()).await,
                None => self.tell(index, Input::Stop).await,
            }
        }
        for new in &config.instances {
            let known = self
                .seats
                .iter()
                .any(|seat| is_same(new, &seat.config) && !seat.router.is_stopped());
            if !known {
                self.sit(new.clone()).await;
            }
        }
        self.config = config;
        self.look().await;
    }

    /// Gives an instance another configuration. It stays what it is.
    async fn change(&mut self, index: usize, new: Instance) {
        let means = self.means();
        let Some(seat) = self.seats.get_mut(index) else {
            return;
        };
        let old = std::mem::replace(&mut seat.config, new);
        if old.tracks != seat.config.tracks {
            seat.watch(&means, &self.looks.sender);
        }
        let Some((spoken_from, facts)) =
            (seat.line.as_ref()).map(|line| (line.source, line.facts.clone()))
        else {
            return;
        };
        let name = seat.config.name.clone();
        let gone: Vec<_> = (old.addresses.iter().copied())
            .filter(|address| !seat.config.addresses.contains(address))
            .collect();
        let source = seat.config.source.unwrap_or(spoken_from);
        let speaks_as_before = old.wire_terms(spoken_from) == seat.config.wire_terms(source)
            && old.witness == seat.config.witness;
        if !gone.is_empty()
            && let Err(why) = self.kernel.remove(facts.index, &gone).await
        {
            tracing::error!(instance = name, why, "an address cannot be removed");
        }
        if speaks_as_before {
            self.advise(index, source);
        } else {
            self.connect(index, source, facts);
        }
        if self
            .seats
            .get(index)
            .is_some_and(|seat| seat.router.holds())
        {
            self.tell(index, Input::Lost).await;
        }
        self.obey(index).await;
    }
}

/// Whether two configurations are of the same virtual router.
fn is_same(one: &Instance, other: &Instance) -> bool {
    one.name == other.name
        && one.interface == other.interface
        && one.virtual_router_id == other.virtual_router_id
        && one.is_v6() == other.is_v6()
}
