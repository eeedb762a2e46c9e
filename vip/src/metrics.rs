//! What the daemon counts. Labels come from the configuration and from closed lists.

use daemon::metrics::{
    Counter, CounterVec, Error, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Metrics as Registry,
};
use vrrp::router::{Router, State};
use vrrp::wire::Discard;

/// The metrics of this process.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    state: IntGaugeVec,
    priority: IntGaugeVec,
    transitions: IntCounterVec,
    received: IntCounterVec,
    sent: IntCounterVec,
    unsent: IntCounterVec,
    split: CounterVec,
    pub(crate) tracked: IntGaugeVec,
    pub(crate) hooks: IntCounterVec,
    pub(crate) reloads: IntCounterVec,
}

impl Metrics {
    /// Declares every metric.
    pub(crate) fn new() -> Result<Self, Error> {
        let registry = Registry::new()?;
        let of_instance = ["instance"];
        Ok(Self {
            state: registry.gauges(
                "vip_state",
                "1 for the state that an instance is in.",
                &["instance", "state"],
            )?,
            priority: registry.gauges(
                "vip_priority",
                "The priority now, corrected by what is tracked; 0 out of the election.",
                &of_instance,
            )?,
            transitions: registry.counters(
                "vip_transitions_total",
                "Changes of state, by the new one.",
                &["instance", "to"],
            )?,
            received: registry.counters(
                "vip_adverts_received_total",
                "Adverts that came in, by what became of them: accepted, or why not.",
                &["instance", "result"],
            )?,
            sent: registry.counters("vip_adverts_sent_total", "Adverts sent.", &of_instance)?,
            unsent: registry.counters(
                "vip_adverts_unsent_total",
                "Adverts that the kernel did not take.",
                &of_instance,
            )?,
            split: registry.float_counters(
                "vip_split_brain_seconds_total",
                "Time during which others were masters as well.",
                &of_instance,
            )?,
            tracked: registry.gauges(
                "vip_track_up",
                "Whether what is tracked is up.",
                &["instance", "track"],
            )?,
            hooks: registry.counters(
                "vip_hooks_total",
                "Programs run at changes of state, by how they ended.",
                &["instance", "result"],
            )?,
            reloads: registry.counters(
                "vip_config_reload_total",
                "Reloads of the configuration.",
                &["result"],
            )?,
            registry,
        })
    }

    /// Those of one instance.
    pub(crate) fn of(&self, instance: &str) -> OfInstance {
        let labels = [instance];
        OfInstance {
            states: State::ALL.map(|state| {
                let labels = [instance, state.name()];
                (state, self.state.with_label_values(&labels))
            }),
            priority: self.priority.with_label_values(&labels),
            transitions: State::ALL.map(|state| {
                let labels = [instance, state.name()];
                (state, self.transitions.with_label_values(&labels))
            }),
            accepted: self.received.with_label_values(&[instance, "accepted"]),
            discarded: Discard::ALL.map(|cause| {
                let labels = [instance, cause.label()];
                (cause, self.received.with_label_values(&labels))
            }),
            sent: self.sent.with_label_values(&labels),
            unsent: self.unsent.with_label_values(&labels),
            split: self.split.with_label_values(&labels),
        }
    }

    /// No longer shows what an instance is that is gone.
    pub(crate) fn forget(&self, instance: &str) {
        for state in State::ALL {
            // What was never shown need not be forgotten.
            drop(self.state.remove_label_values(&[instance, state.name()]));
        }
        drop(self.priority.remove_label_values(&[instance]));
    }
}

/// The metrics of one instance, found once: a flood of packets is counted, too.
#[derive(Debug, Clone)]
pub(crate) struct OfInstance {
    states: [(State, IntGauge); 4],
    priority: IntGauge,
    transitions: [(State, IntCounter); 4],
    accepted: IntCounter,
    discarded: [(Discard, IntCounter); Discard::ALL.len()],
    pub(crate) sent: IntCounter,
    pub(crate) unsent: IntCounter,
    split: Counter,
}

impl OfInstance {
    /// Shows what a router is now.
    pub(crate) fn show(&self, router: &Router) {
        for (state, gauge) in &self.states {
            gauge.set(i64::from(router.state() == *state));
        }
        self.priority.set(router.priority().into());
        // A router that begins anew begins at zero, which a counter does not.
        let more = router.split().as_secs_f64() - self.split.get();
        self.split.inc_by(more.max(0.0));
    }

    /// Counts a change of state.
    pub(crate) fn became(&self, new: State) {
        for (_, counter) in self.transitions.iter().filter(|(state, _)| *state == new) {
            counter.inc();
        }
    }

    /// Counts an advert that came in.
    pub(crate) fn received(&self, discarded: Option<Discard>) {
        let Some(discarded) = discarded else {
            return self.accepted.inc();
        };
        for (_, counter) in self
            .discarded
            .iter()
            .filter(|(cause, _)| *cause == discarded)
        {
            counter.inc();
        }
    }
}
