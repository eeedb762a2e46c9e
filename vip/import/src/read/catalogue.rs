//! Keywords that are not translated, and why: so that none is passed over in silence, and none that is
//! merely not needed is called unknown.

mod instances;
mod others;

use crate::finding::{Findings, Severity};
use crate::syntax::Statement;

/// Where a keyword stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Top,
    Global,
    Script,
    /// In an instance or a group of them.
    Instance,
}

/// Keywords with the same fate: where, which, how much it matters, why, and what to do.
type Row = (
    Level,
    &'static [&'static str],
    Severity,
    &'static str,
    &'static str,
);

const MAILS: &str = "no mails are sent";
const ALERTS: &str = "alert on the daemon's metrics";
const SCHEDULE: &str = "addresses are announced by a schedule of the daemon's own, which ends with a reminder every 10 s";
const PROCESS: &str = "how the daemon is run is systemd's matter";
const BUFFERS: &str = "there is nothing of the kind to set";
const FIREWALL: &str = "no rules of a firewall are made";
const KERNEL: &str = "routes, rules and addresses that do not move are the system's matter";

/// Tells what becomes of a keyword that is not translated.
pub(super) fn tell(level: Level, statement: &Statement, findings: &mut Findings) {
    let keyword = statement.keyword.as_str();
    let mut found = rows().filter(|(of, names, ..)| *of == level && names.contains(&keyword));
    if let Some((_, _, severity, why, help)) = found.next() {
        let id = if *severity == Severity::Problem {
            "strict"
        } else {
            "not-translated"
        };
        let message = format!("`{keyword}`: {why}");
        findings.add((id, *severity), &statement.at, message, *help);
        return;
    }
    let names = rows()
        .filter(|(of, ..)| *of == level)
        .flat_map(|(_, names, ..)| *names);
    let help = match settings::closest(
        keyword,
        names.copied().chain(translated(level).iter().copied()),
    ) {
        Some(close) => format!("did you mean `{close}`?"),
        None => String::new(),
    };
    let message = format!("unknown keyword `{keyword}`: keepalived ignores it");
    findings.add(
        ("unknown-keyword", Severity::Problem),
        &statement.at,
        message,
        help,
    );
}

fn rows() -> impl Iterator<Item = &'static Row> {
    others::ROWS.iter().chain(instances::ROWS)
}

/// What is translated, for those who misspelt it.
fn translated(level: Level) -> &'static [&'static str] {
    match level {
        Level::Top => &[
            "global_defs",
            "vrrp_script",
            "vrrp_sync_group",
            "vrrp_instance",
        ],
        Level::Global => &["vrrp_version", "script_user", "enable_script_security"],
        Level::Script => &[
            "script", "interval", "timeout", "fall", "rise", "weight", "user",
        ],
        Level::Instance => &[
            "state",
            "interface",
            "virtual_router_id",
            "priority",
            "version",
            "advert_int",
            "unicast_src_ip",
            "mcast_src_ip",
            "unicast_peer",
            "nopreempt",
            "preempt_delay",
            "authentication",
            "auth_type",
            "auth_pass",
            "virtual_ipaddress",
            "track_script",
            "track_interface",
            "notify",
            "notify_master",
            "notify_backup",
            "notify_fault",
            "notify_stop",
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_keyword_has_one_fate() {
        let mut seen = BTreeSet::new();
        for (level, names, ..) in rows() {
            for name in *names {
                assert!(seen.insert((format!("{level:?}"), *name)), "{name}");
                assert!(!translated(*level).contains(name), "{name}");
            }
        }
    }
}
