//! `[[instance]]`.

use std::time::Duration;

use settings::Period;

use super::lines::{Lines, text, texts, was};
use super::{DIRECTORY, track};
use crate::Password;
use crate::finding::{Findings, Severity};
use crate::lint::{Judged, arguments};
use crate::read::{Configuration, Instance};

pub(super) fn write(
    configuration: &Configuration,
    instance: &Instance,
    judged: &Judged,
    findings: &mut Findings,
    lines: &mut Lines,
    passwords: &mut Vec<Password>,
) {
    let name = name(instance, findings);
    lines.heading("[[instance]]");
    lines.said("name", &text(&name), &instance.name);
    where_to(instance, findings, lines);
    let priority = instance.priority().to_string();
    lines.said_or("priority", &priority, instance.priority.as_ref());
    if let Some(priority) = judged.peer_priority {
        lines.pair(
            "peer_priority",
            &priority.to_string(),
            Some("--peer-priority"),
        );
    }
    speaking(instance, findings, lines);
    peers(instance, lines);
    preemption(instance, lines);
    addresses(instance, lines);
    auth(instance, &name, lines, passwords);
    if let Some(refresh) = instance
        .refresh
        .as_ref()
        .filter(|said| !said.value.is_zero())
    {
        lines.said("announce_interval", &period(refresh.value), refresh);
    }
    if let Some(group) = configuration.group_of(instance) {
        let was = format!("vrrp_sync_group, line {}", group.at.line);
        lines.pair("group", &text(&group.name), Some(&was));
    }
    notify(instance, findings, lines);
    for tracked in configuration.tracked(instance) {
        track::write(configuration, instance, tracked, judged, findings, lines);
    }
}

/// A time as a value.
pub(super) fn period(time: Duration) -> String {
    text(&Period(time).to_string())
}

/// The name, of letters that are no trouble in the labels of metrics.
fn name(instance: &Instance, findings: &mut Findings) -> String {
    let said = &instance.name;
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "_-.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = said.value.chars().map(plain).collect();
    if name != said.value {
        let message = format!(
            "`{}` is named {name}: a name has letters, digits, `_`, `-` and `.`",
            said.value
        );
        findings.add(("differs", Severity::Differs), &said.at, message, "");
    }
    name
}

fn where_to(instance: &Instance, findings: &mut Findings, lines: &mut Lines) {
    let name = &instance.name;
    let mut missing = |key: &str, lines: &mut Lines| {
        let message = format!("`{}` has no {key}, which is needed", name.value);
        findings.add(("missing", Severity::Problem), &name.at, message, "");
        lines.missing(key);
    };
    match &instance.interface {
        Some(said) => lines.said("interface", &text(&said.value), said),
        None => missing("interface", lines),
    }
    match &instance.virtual_router_id {
        Some(said) => lines.said("virtual_router_id", &said.value.to_string(), said),
        None => missing("virtual_router_id", lines),
    }
}

fn speaking(instance: &Instance, findings: &mut Findings, lines: &mut Lines) {
    if instance.is_v6() {
        lines.pair("version", "3", Some("IPv6 has no other"));
    } else {
        let version = if instance.speaks_v3() { "3" } else { "2" };
        lines.said_or("version", version, instance.version.as_ref());
    }
    let interval = period(interval(instance, findings));
    lines.said_or(
        "advert_interval",
        &interval,
        instance.advert_interval.as_ref(),
    );
}

/// The interval, as the version can carry it: whole seconds, or hundredths.
fn interval(instance: &Instance, findings: &mut Findings) -> Duration {
    let said = instance.advert_interval();
    let (unit, most) = if instance.speaks_v3() {
        (Duration::from_millis(10), 4095)
    } else {
        (Duration::from_secs(1), 255)
    };
    let units = said.as_millis().div_ceil(unit.as_millis()).clamp(1, most);
    let interval = unit * u32::try_from(units).unwrap_or(1);
    if let Some(written) = instance
        .advert_interval
        .as_ref()
        .filter(|_| interval != said)
    {
        let message = format!(
            "`{}` cannot be sent in this version: {} can",
            written.was,
            Period(interval)
        );
        findings.add(("differs", Severity::Differs), &written.at, message, "");
    }
    interval
}

fn peers(instance: &Instance, lines: &mut Lines) {
    if let Some(source) = &instance.source {
        lines.said("source", &text(&source.value), source);
    }
    if let Some(first) = instance.peers.first() {
        let peers = instance.peers.iter().map(|said| said.value.as_str());
        let was = format!("unicast_peer, from line {}", first.at.line);
        lines.pair("peers", &texts(peers), Some(&was));
    }
    if let Some(ttl) = &instance.min_ttl {
        lines.said("min_ttl", &ttl.value.to_string(), ttl);
    } else if instance.peers.iter().any(|peer| peer.value.contains(':')) {
        lines.pair("min_ttl", "64", Some("what keepalived sends to IPv6 peers"));
    }
}

fn preemption(instance: &Instance, lines: &mut Lines) {
    if let Some(said) = &instance.nopreempt {
        lines.said("preempt", "false", said);
        return;
    }
    lines.pair("preempt", "true", Some("keepalived's default"));
    match &instance.preempt_delay {
        Some(said) => lines.said("preempt_delay", &period(said.value), said),
        None => lines.pair(
            "preempt_delay",
            "\"5s\"",
            Some("keepalived's default is not to wait"),
        ),
    }
}

fn addresses(instance: &Instance, lines: &mut Lines) {
    let addresses = instance.addresses.iter().map(|said| said.value.as_str());
    let was = match instance.addresses.first() {
        Some(first) => format!("virtual_ipaddress, from line {}", first.at.line),
        None => "none".to_owned(),
    };
    lines.pair("addresses", &texts(addresses), Some(&was));
}

fn auth(instance: &Instance, name: &str, lines: &mut Lines, passwords: &mut Vec<Password>) {
    let auth = instance.auth.as_ref().filter(|auth| auth.kind == "PASS");
    let Some((at, password)) = auth.and_then(|auth| auth.password.as_ref()) else {
        return;
    };
    if instance.speaks_v3() {
        return;
    }
    let file = format!("{DIRECTORY}/vip-{name}.pass");
    let value = format!("{{ type = \"pass\", password_file = {} }}", text(&file));
    lines.pair(
        "auth",
        &value,
        Some(&format!("auth_pass, line {}", at.line)),
    );
    passwords.push(Password {
        file,
        secret: password.clone(),
    });
}

fn notify(instance: &Instance, findings: &mut Findings, lines: &mut Lines) {
    if instance.notified.is_empty() {
        return;
    }
    lines.heading("[instance.notify]");
    for notified in &instance.notified {
        let command = &notified.command;
        let words = track::absolute(arguments(&command.value), &command.at, findings);
        let words = texts(words.iter().map(String::as_str));
        lines.pair(notified.key, &words, Some(&was(command)));
    }
}
