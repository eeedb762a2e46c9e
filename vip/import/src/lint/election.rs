//! Who wins, and how long it takes.

use std::time::Duration;

use settings::Period;

use super::{Command, Judged, Reach};
use crate::finding::{Findings, Severity};
use crate::read::{Configuration, Instance, Tracked, What};

/// Priorities of two nodes are hardly ever closer than this.
const USUAL_GAP: u8 = 10;

pub(super) fn judge(
    configuration: &Configuration,
    instance: &Instance,
    peer_priority: Option<u8>,
    judged: &mut Judged,
    findings: &mut Findings,
) {
    let weights: Vec<i16> = configuration
        .tracked(instance)
        .map(|tracked| configuration.weight(tracked))
        .collect();
    let pair = Pair::of(instance, &weights, peer_priority);
    for tracked in configuration.tracked(instance) {
        match (configuration.weight(tracked), &tracked.what) {
            (0, What::Script(name)) => {
                without_weight(configuration, name, tracked, judged, findings);
            }
            (0, What::Interface(_)) => {}
            (weight, what) => {
                if pair.tell(tracked, weight, findings) == Moves::Never {
                    let instance = instance.name.value.clone();
                    judged.useless.insert((instance, what.name().to_owned()));
                }
            }
        }
    }
    budget(configuration, instance, peer_priority, judged, findings);
}

/// Two nodes with the same checks.
struct Pair {
    /// The one that holds the addresses while all is well.
    holder: Reach,
    other: Reach,
    /// The holder is the other node.
    is_elsewhere: bool,
    /// The other node's priority is a guess.
    is_guessed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// Not even if all checks fail.
    Never,
    Sometimes,
}

impl Pair {
    /// This node and the other one. If nobody says what its priority is, it is taken to be a little lower,
    /// or a little higher where this node starts as backup.
    fn of(instance: &Instance, weights: &[i16], peer_priority: Option<u8>) -> Self {
        let priority = instance.priority();
        let is_backup = instance
            .state
            .as_ref()
            .is_some_and(|said| said.value == "BACKUP");
        let guess = if is_backup && instance.nopreempt.is_none() {
            priority.saturating_add(USUAL_GAP)
        } else {
            priority.saturating_sub(USUAL_GAP)
        };
        let ours = Reach::new(priority, weights);
        let peer = Reach::new(peer_priority.unwrap_or(guess), weights);
        let is_elsewhere = peer.normal > ours.normal;
        let (holder, other) = if is_elsewhere {
            (peer, ours)
        } else {
            (ours, peer)
        };
        Self {
            holder,
            other,
            is_elsewhere,
            is_guessed: peer_priority.is_none(),
        }
    }

    /// Tells whether a check that fails moves the addresses.
    fn tell(&self, tracked: &Tracked, weight: i16, findings: &mut Findings) -> Moves {
        let (normal, failing) = (self.holder.normal, self.holder.failing(weight));
        let other = self.other.normal;
        if failing < other {
            return Moves::Sometimes;
        }
        let whose = if self.is_elsewhere {
            "the other node's "
        } else {
            ""
        };
        let name = tracked.what.name();
        let by = weight.unsigned_abs();
        let relation = if failing > other {
            "still above"
        } else {
            "still not below"
        };
        let sum = format!("{whose}{name} fails: {normal} - {by} = {failing}, {relation} {other}");
        let guess = if self.is_guessed {
            let how = if self.is_elsewhere { "higher" } else { "lower" };
            format!(
                ", if the other node's priority is {USUAL_GAP} {how}, as usual (--peer-priority says what it is)"
            )
        } else {
            String::new()
        };
        if self.holder.lowest < other {
            let message = format!("{sum}: the address moves only if more fails{guess}");
            findings.add(("L1", Severity::Problem), &tracked.at, message, "");
            return Moves::Sometimes;
        }
        findings.add(
            ("L1", Severity::Problem),
            &tracked.at,
            format!("{sum}: the address never moves{guess}"),
            "translated to weight = \"fault\": a node whose check fails leaves the election",
        );
        Moves::Never
    }
}

/// Tells what becomes of the addresses when a check without a weight fails on both nodes.
fn without_weight(
    configuration: &Configuration,
    name: &str,
    tracked: &Tracked,
    judged: &Judged,
    findings: &mut Findings,
) {
    let command = judged.commands.get(name);
    let fails_always = command.is_some_and(Command::fails_always);
    let help =
        "here the node with the higher priority then holds them: last_resort = true, the default";
    if fails_always {
        let at = configuration
            .script(name)
            .map_or(&tracked.at, |script| &script.at);
        let message = format!(
            "{name} has no weight and fails always: both nodes go to FAULT, and no node holds the addresses"
        );
        findings.add(("L3", Severity::Problem), at, message, help);
    } else {
        let message = format!(
            "{name} has no weight: when it fails on both nodes, no node holds the addresses"
        );
        findings.add(("L3", Severity::Note), &tracked.at, message, help);
    }
}

/// Tells how long it takes with keepalived until the other node holds the addresses.
fn budget(
    configuration: &Configuration,
    instance: &Instance,
    peer_priority: Option<u8>,
    judged: &Judged,
    findings: &mut Findings,
) {
    let interval = instance.advert_interval();
    let unit = if instance.speaks_v3() {
        interval
    } else {
        Duration::from_secs(1)
    };
    // The lowest priority waits longest.
    let skew = unit * (256 - u32::from(peer_priority.unwrap_or(1))) / 256;
    let down = interval * 3 + skew;
    let at = instance
        .advert_interval
        .as_ref()
        .map_or(&instance.name.at, |said| &said.at);
    let atmost = if peer_priority.is_some() {
        ""
    } else {
        "at most "
    };
    let message = format!(
        "a node that is dead is replaced after {atmost}{}",
        rounded(down)
    );
    let help =
        "advert_interval = \"100ms\" in version 3, when both nodes run the VIP daemon: 0.4 s";
    findings.add(("L14", Severity::Note), at, message, help);
    for tracked in configuration.tracked(instance) {
        let Some(script) = configuration.script(tracked.what.name()) else {
            continue;
        };
        let checks = script.interval() * script.fall();
        let sum = format!("{} x {}", Period(script.interval()), script.fall());
        let message = if judged.is_useless(instance, tracked) {
            format!(
                "a service that {} finds down is never replaced",
                script.name
            )
        } else if configuration.weight(tracked) == 0 {
            let total = rounded(checks + skew);
            format!(
                "a service that {} finds down is replaced after {atmost}{total}: {sum} and the election",
                script.name
            )
        } else {
            let total = rounded(checks + down);
            format!(
                "a service that {} finds down is replaced after {atmost}{total}: {sum} and the election",
                script.name
            )
        };
        let help = "`edge = \"127.0.0.1:9180\"` is told of a crash at once, and looks every 100 ms";
        findings.add(("L14", Severity::Note), &script.at, message, help);
    }
}

/// A time to a hundredth of a second.
fn rounded(time: Duration) -> String {
    let hundredths = (time.as_millis() + 5) / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}
