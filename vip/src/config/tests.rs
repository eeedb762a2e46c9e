use daemon::config::Document;
use proptest::prelude::*;

use super::{Config, file};

const DELIVERED: &str = include_str!("../../../conf/vip.toml");

fn read(text: &str) -> Result<Config, daemon::config::Report> {
    let document = Document::parse("vip.toml", text, &|_| None)?;
    document.read::<file::Config>().meant(Config::resolve)
}

#[test]
fn the_delivered_configuration_is_good() {
    let config = read(DELIVERED).unwrap();
    assert_eq!(config.instances.len(), 1);
    assert_eq!(config.instances[0].lease.unwrap().as_secs(), 2);
}

#[test]
fn the_lease_outlives_the_wait_of_those_who_take_over() {
    let slow = DELIVERED
        .replace("\"100ms\"          # another", "\"1s\" #")
        .replace("lease = \"2s\"", "");
    assert_eq!(
        read(&slow).unwrap().instances[0].lease.unwrap().as_secs(),
        5
    );
    let short = DELIVERED.replace("\"100ms\"          # another", "\"1s\" #");
    let report = read(&short).unwrap_err().to_string();
    assert!(
        report.contains("the address would be gone after 2s"),
        "{report}"
    );
}

/// The delivered configuration with one weight in place of its own.
fn weighing(weight: &str) -> Result<Config, String> {
    let text = DELIVERED.replace("weight = \"fault\"", &format!("weight = {weight}"));
    read(&text).map_err(|report| report.to_string())
}

#[test]
fn weights_that_move_nothing_are_refused_with_the_sum() {
    let report = weighing("-2").unwrap_err();
    assert!(
        report.contains("100 - 2 = 98, still not below 90"),
        "{report}"
    );
    assert!(weighing("-10").is_err(), "equal priorities move nothing");
    weighing("-11").unwrap();
    // The other node has the points, too.
    let report = weighing("5").unwrap_err();
    assert!(
        report.contains("105 - 5 = 100, still not below 95"),
        "{report}"
    );
    weighing("11").unwrap();
}

proptest! {
    /// Whatever stands in the file, it is read or refused.
    #[test]
    fn no_file_is_too_broken(
        cuts in prop::collection::vec((0..DELIVERED.len(), 0..40_usize, "[ -~]{0,12}"), 1..6),
    ) {
        let mut text = DELIVERED.as_bytes().to_vec();
        for (at, length, instead) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, instead.into_bytes());
        }
        let text = String::from_utf8_lossy(&text);
        if let Err(report) = read(&text) {
            prop_assert!(!report.is_empty());
        }
    }

    /// Nor is any number, duration or word in its place.
    #[test]
    fn no_value_is_too_strange(key in "[a-z_]{4,16}", value in "(\"[ -!#-\\[\\]-~]{0,12}\"|-?[0-9]{1,20}|true|\\[\\])", known in 0..24_usize) {
        let keys = [
            "name", "interface", "virtual_router_id", "priority", "peer_priority", "version", "addresses",
            "advert_interval", "source", "peers", "min_ttl", "preempt", "preempt_delay", "auth", "lease",
            "checksum", "max_accept_interval", "announce_interval", "last_resort", "group", "witness", "track",
            "notify",
        ];
        let key = keys.get(known).copied().unwrap_or(&key);
        let base = "[[instance]]\nname = \"V\"\ninterface = \"e\"\nvirtual_router_id = 1\npriority = 1\naddresses = [\"10.0.0.1\"]\n";
        let kept: Vec<_> = base.lines().filter(|line| !line.starts_with(&format!("{key} "))).collect();
        let text = format!("{}\n{key} = {value}\n", kept.join("\n"));
        if let Err(report) = read(&text) {
            prop_assert!(!report.is_empty());
        }
    }
}
