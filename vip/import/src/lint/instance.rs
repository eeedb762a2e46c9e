//! What is wrong with a `vrrp_instance`, apart from who wins.

use std::net::IpAddr;

use ipnet::IpNet;

use super::arguments;
use crate::finding::{Findings, Severity};
use crate::read::Instance;
use crate::syntax::Files;

/// What of a password is sent.
const PASSWORD: usize = 8;

pub(super) fn judge(instance: &Instance, files: &dyn Files, findings: &mut Findings) {
    password(instance, findings);
    network(instance, findings);
    placeholders(instance, findings);
    addresses(instance, findings);
    state(instance, findings);
    for notified in &instance.notified {
        let program = arguments(&notified.command.value)
            .into_iter()
            .next()
            .unwrap_or_default();
        if files.runs(&program) == Some(false) {
            findings.add(
                ("L12", Severity::Problem),
                &notified.command.at,
                format!("{program} cannot be run: it is not there, or not executable. keepalived starts all the same"),
                "write it, or take the line out: the daemon needs no help to announce addresses",
            );
        }
    }
}

fn password(instance: &Instance, findings: &mut Findings) {
    let Some(auth) = &instance.auth else { return };
    if auth.kind != "PASS" {
        findings.add(
            ("not-translated", Severity::Lost),
            &auth.at,
            format!("authentication of type `{}` is not spoken, and a node that does would not be heard", auth.kind),
            "agree on PASS for the time of the change, and on HMAC afterwards",
        );
        return;
    }
    if instance.speaks_v3() {
        findings.add(
            ("auth-v3", Severity::Problem),
            &auth.at,
            "version 3 of VRRP has no passwords: keepalived ignores this, and anybody on the network can take the addresses",
            "auth = { type = \"hmac\", key_file = \"…\" } when both nodes run the VIP daemon",
        );
        return;
    }
    if let Some((at, password)) = &auth.password
        && password.len() > PASSWORD
    {
        findings.add(
            ("L4", Severity::Problem),
            at,
            format!(
                "the password has {} characters, of which keepalived uses the first {PASSWORD}",
                password.len()
            ),
            "",
        );
    }
    findings.add(
        ("L5", Severity::Problem),
        &auth.at,
        "the password is sent in the clear to everybody on the network, once per interval",
        "it prevents mistakes, not attacks; HMAC does, when both nodes run the VIP daemon",
    );
}

fn network(instance: &Instance, findings: &mut Findings) {
    let at = &instance.name.at;
    findings.add(
        ("L8", Severity::Note),
        at,
        "advertisements are a protocol of IP, number 112, and no port: a firewall that opens ports only keeps them out, \
         and then both nodes hold the addresses",
        "`nft add rule inet filter input ip protocol vrrp accept`, or `firewall-cmd --permanent --add-protocol=vrrp`; \
         the VIP daemon hears them before the node's own firewall does, and keepalived does not",
    );
    if !instance.is_unicast {
        findings.add(
            ("L9", Severity::Note),
            at,
            "there is no unicast_peer, so advertisements are multicast, which networks of clouds (Alibaba's VPC, AWS, Azure, …) \
             do not carry",
            "there, write `peers`, and have the address moved by what the cloud offers (Alibaba: HaVip)",
        );
    } else if instance.min_ttl.is_none() {
        findings.add(
            ("differs", Severity::Note),
            at,
            "keepalived hears peers from any distance; here packets that have passed a router are not heard",
            "if there are routers between the nodes: min_ttl",
        );
    }
    if instance.is_unicast && instance.peers.is_empty() {
        findings.add(
            ("invalid", Severity::Problem),
            at,
            "unicast_peer names nobody",
            "",
        );
    }
}

fn placeholders(instance: &Instance, findings: &mut Findings) {
    let is_open = |text: &&str| text.contains('$');
    let interface = instance
        .interface
        .iter()
        .map(|said| (&said.at, said.value.as_str()));
    let addresses = instance
        .addresses
        .iter()
        .map(|said| (&said.at, said.value.as_str()));
    for (at, text) in interface.chain(addresses).filter(|(_, text)| is_open(text)) {
        findings.add(
            ("L10", Severity::Problem),
            at,
            format!(
                "`{text}`: nothing defines this, and keepalived does not look into the environment. It takes the braces for \
                 a block and does not understand what follows"
            ),
            "it is left as it is: the VIP daemon takes `${NAME}` from its environment",
        );
    }
    if let Some(interface) = &instance.interface
        && matches!(interface.value.as_str(), "eth0" | "eth1")
    {
        findings.add(
            ("L10", Severity::Note),
            &interface.at,
            format!(
                "{} is an example's name: see that the node's interface is called so",
                interface.value
            ),
            "ip -brief link",
        );
    }
}

fn addresses(instance: &Instance, findings: &mut Findings) {
    let name = &instance.name;
    if instance.addresses.is_empty() {
        let message = format!("`{}` has no addresses", name.value);
        findings.add(("invalid", Severity::Problem), &name.at, message, "");
    }
    for said in &instance.addresses {
        let written = said.value.as_str();
        let is_wide = match written.parse::<IpNet>() {
            Ok(address) => address.prefix_len() < address.max_prefix_len(),
            Err(_) => written.contains('$') && written.contains('/'),
        };
        if is_wide {
            findings.add(
                ("L10", Severity::Note),
                &said.at,
                format!("{written}: if the node has no other address of this network, the virtual one becomes its source"),
                "write the address alone, which is /32 or /128",
            );
        }
    }
    if instance.is_v6()
        && !instance
            .addresses
            .iter()
            .any(|said| is_link_local(&said.value))
    {
        findings.add(
            ("link-local", Severity::Note),
            &name.at,
            "none of the addresses is link-local, as RFC 9568 wants the first one to be",
            "",
        );
    }
}

fn state(instance: &Instance, findings: &mut Findings) {
    let Some(state) = &instance.state else { return };
    findings.add(
        ("L11", Severity::Note),
        &state.at,
        format!(
            "`{}` decides nothing that lasts: the priority does",
            state.was
        ),
        "left out",
    );
    if state.value == "MASTER" {
        let ignored = [
            instance
                .nopreempt
                .as_ref()
                .map(|said| (&said.at, &said.was)),
            instance
                .preempt_delay
                .as_ref()
                .map(|said| (&said.at, &said.was)),
        ];
        for (at, was) in ignored.into_iter().flatten() {
            findings.add(
                ("preempt", Severity::Differs),
                at,
                format!(
                    "`{was}`: keepalived ignores this together with `state MASTER`; here it holds"
                ),
                "",
            );
        }
    }
}

/// Whether an address, with or without a prefix, is link-local.
fn is_link_local(written: &str) -> bool {
    let address = written.split('/').next().unwrap_or_default();
    matches!(address.parse(), Ok(IpAddr::V6(address)) if address.is_unicast_link_local())
}
