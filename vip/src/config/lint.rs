//! Configurations that are right and do not do what is meant.

use settings::{Place, Problem, Problems};
use vrrp::track::Weight;
use vrrp::wire::{Auth, Rollout};

use super::Instance;
use super::track::Track;

/// By how much the other node's priority is usually lower.
const USUAL_GAP: u8 = 10;

/// Weights that can never move the address, with the arithmetic: such a node fails and keeps it.
pub(super) fn refuse_weights(instances: &[Instance], problems: &mut Problems) {
    for (at, instance) in placed(instances) {
        let (peer, told) = peer(instance);
        let full = i32::from(instance.priority) + sum(&instance.tracks);
        let least = full - falls(&instance.tracks).map(|(_, fall)| fall).sum::<i32>();
        if peer >= full || least < peer {
            continue;
        }
        for (index, fall) in falls(&instance.tracks) {
            let message = format!(
                "it is down: {full} - {fall} = {}, still not below {peer}, {told}: the address never moves",
                full - fall
            );
            let help = format!("weight = \"fault\", or a number below -{}", full - peer);
            let at = at.key("track").index(index).key("weight");
            problems.push_with_help(&at, message, help);
        }
    }
}

/// What is hardly meant.
pub(super) fn lint(config: &super::Config) -> Vec<Problem> {
    let mut found = Vec::new();
    for (at, instance) in placed(&config.instances) {
        weights(instance, &at, &mut found);
        authentication(instance, &at, &mut found);
        if instance.lease.is_none() {
            let message = "without a lease the kernel keeps the address when the daemon is dead, and two nodes answer for it";
            found.push(Problem::new(&at.key("lease"), message));
        }
        if instance.tracks.is_empty() {
            let message = "nothing is tracked: the address stays on a node whose service is dead";
            let help = "[[instance.track]] with edge = \"127.0.0.1:9180\"";
            found.push(Problem::new(&at, message).help(help));
        }
        for (index, address) in instance.addresses.iter().enumerate() {
            if address.prefix_len() < address.max_prefix_len() {
                let message = format!(
                    "with /{} the kernel takes the address for one of a whole network, and may speak from it",
                    address.prefix_len()
                );
                let help = format!("{}/{}", address.addr(), address.max_prefix_len());
                let at = at.key("addresses").index(index);
                found.push(Problem::new(&at, message).help(help));
            }
        }
        if instance.last_resort && instance.priority <= vrrp::router::LAST_RESORT {
            let message = format!(
                "priorities up to {} are those of nodes that cannot serve",
                vrrp::router::LAST_RESORT
            );
            found.push(Problem::new(&at.key("priority"), message));
        }
    }
    found
}

/// Weights that move the address only together with others.
fn weights(instance: &Instance, at: &Place, found: &mut Vec<Problem>) {
    let (peer, told) = peer(instance);
    let full = i32::from(instance.priority) + sum(&instance.tracks);
    if peer >= full {
        return;
    }
    for (index, fall) in falls(&instance.tracks) {
        if full - fall >= peer {
            let message = format!(
                "when it alone is down: {full} - {fall} = {}, not below {peer}, {told}: the address stays",
                full - fall
            );
            let at = at.key("track").index(index).key("weight");
            found.push(Problem::new(&at, message));
        }
    }
}

fn authentication(instance: &Instance, at: &Place, found: &mut Vec<Problem>) {
    let at = at.key("auth");
    let message = match &instance.auth {
        Auth::None => {
            "anybody on the network can take the address: one packet costs up to three of its intervals"
        }
        Auth::Pass(_) => {
            "the password can be read by everybody on the network: it is there for keepalived, and protects nothing"
        }
        Auth::Hmac(hmac) if hmac.rollout != Rollout::Enforce => {
            "adverts without authentication are accepted as long as this is not `enforce`"
        }
        Auth::Hmac(_) => return,
    };
    found.push(Problem::new(&at, message));
}

/// What the other node's priority comes to while all that it tracks is up, and where that is known from. It
/// tracks the same.
fn peer(instance: &Instance) -> (i32, String) {
    let points = sum(&instance.tracks);
    let (priority, told) = match instance.peer_priority {
        Some(priority) => (priority, "the other node's priority".to_owned()),
        None => (
            instance.priority.saturating_sub(USUAL_GAP),
            format!(
                "which is the other node's priority if it is {USUAL_GAP} lower, as usual (`peer_priority` says what it is)"
            ),
        ),
    };
    (i32::from(priority) + points, told)
}

/// By how much the priority falls when each tracker is down.
fn falls(tracks: &[Track]) -> impl Iterator<Item = (usize, i32)> {
    tracks
        .iter()
        .enumerate()
        .filter_map(|(index, track)| match track.weight {
            Weight::Points(points) => Some((index, i32::from(points).abs())),
            Weight::Fault => None,
        })
}

/// What positive weights add while all is up.
fn sum(tracks: &[Track]) -> i32 {
    let points = tracks.iter().filter_map(|track| match track.weight {
        Weight::Points(points) => Some(i32::from(points.max(0))),
        Weight::Fault => None,
    });
    points.sum()
}

fn placed(instances: &[Instance]) -> impl Iterator<Item = (Place, &Instance)> {
    let root = Place::root().key("instance");
    instances
        .iter()
        .enumerate()
        .map(move |(index, instance)| (root.index(index), instance))
}
