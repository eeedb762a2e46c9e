//! `hifate-vip check`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use settings::Period;
use vrrp::track::Weight;

use crate::config::{Config, Instance, Probe, Track};

/// Says everything that is wrong with the configuration at `path`; if nothing is, what is hardly meant, which
/// is wrong as well where it is to be `strict`, and what follows from it.
pub(super) fn check(path: &Path, strict: bool) -> Result<(), String> {
    let name = path.display();
    let loaded = Config::load(path).map_err(|report| {
        let mistakes = counted(report.len(), "mistake");
        // Where standard error is closed the exit code has to do.
        drop(report.print());
        format!("{name}: {mistakes}")
    })?;
    let warnings = &loaded.warnings;
    if !warnings.is_empty() {
        drop(warnings.print());
        if strict {
            return Err(format!("{name}: {}", counted(warnings.len(), "warning")));
        }
    }
    let mut text = format!("{name}: the configuration is good");
    if !warnings.is_empty() {
        text.push_str(", with ");
        text.push_str(&counted(warnings.len(), "warning"));
    }
    for instance in &loaded.config.instances {
        budget(&mut text, instance).map_err(|error| error.to_string())?;
    }
    super::print(text)
}

/// How long a failover takes at most.
fn budget(text: &mut String, instance: &Instance) -> std::fmt::Result {
    let interval = instance.interval;
    // Of a node of the lowest priority: whoever takes over waits no longer.
    let host = instance
        .skew()
        .down(instance.peer_priority.unwrap_or(1), interval);
    write!(text, "\n{}: the other node takes over", instance.name)?;
    write!(
        text,
        "\n  at once when this one is stopped or releases its addresses"
    )?;
    write!(
        text,
        "\n  within {} when this machine, its link or this daemon dies",
        shown(host)
    )?;
    if let Some(lease) = instance.lease {
        let both = (lease + KERNEL).saturating_sub(interval * 3);
        write!(
            text,
            "\n  (of a dead daemon the kernel removes the addresses after {}; for {} at most both nodes answer)",
            shown(lease + KERNEL),
            shown(both),
        )?;
    }
    for track in &instance.tracks {
        let wait = detection(track);
        match track.weight {
            Weight::Fault => write!(
                text,
                "\n  within {} when {} is down",
                shown(wait),
                track.name
            )?,
            Weight::Points(points) => write!(
                text,
                "\n  within {} when {} is down, if {points:+} to the priority suffices",
                shown(wait + interval),
                track.name
            )?,
        }
    }
    Ok(())
}

/// By how much later than asked for the kernel removes an address, as measured.
const KERNEL: Duration = Duration::from_millis(400);

/// How long it takes until something that hangs counts as down.
fn detection(track: &Track) -> Duration {
    let look = track.timeout.max(track.interval);
    match track.probe {
        Probe::Interface(_) | Probe::File(_) => track.interval.saturating_mul(track.fall),
        Probe::Edge(_) | Probe::Http(_) | Probe::Tcp(_) | Probe::Script(_) => {
            (track.interval).saturating_add(look.saturating_mul(track.fall))
        }
    }
}

fn shown(duration: Duration) -> Period {
    let millis = u64::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
    Period(Duration::from_millis(millis))
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
