//! The scenarios of `tests/scenarios/`: each is a Python program that builds a network of namespaces, has daemons
//! fail on it, and looks at who holds the address. Nothing is asserted about times.

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than a scenario gives itself.
const PATIENCE: Duration = Duration::from_secs(200);

/// How a scenario says that it cannot be run here.
const SKIPPED: i32 = 77;

fn python() -> Command {
    let mut command = Command::new("python3");
    command
        .arg("-B")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/scenarios/run.py"
        ))
        .env("HIFATE_VIP", env!("CARGO_BIN_EXE_hifate-vip"))
        .stdin(Stdio::null());
    command
}

/// Runs a scenario to its end; where it cannot be run that is said, and no more.
fn run(file: &str, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let out = fs::File::create(&log).unwrap();
    let mut scenario = python()
        .args([file, name])
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = scenario.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            scenario.kill().unwrap();
            break scenario.wait().unwrap();
        }
        sleep(Duration::from_millis(20));
    };
    let said = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    if status.code() == Some(SKIPPED) {
        // Not by a macro, whose output a good test keeps to itself.
        let told = writeln!(io::stderr(), "NOT RUN: {file} {name}: {}", said.trim());
        told.unwrap();
    } else {
        assert!(status.success(), "{file} {name}: {status}\n{said}");
    }
}

macro_rules! scenarios {
    ($($file:ident: $($name:ident)+;)+) => {
        $(mod $file {
            $(#[test]
            fn $name() {
                super::run(stringify!($file), stringify!($name));
            })+
        })+

        /// All that are run.
        const ALL: &[(&str, &str)] = &[$($((stringify!($file), stringify!($name))),+),+];
    };
}

scenarios! {
    health:
        edge_that_is_killed
        edge_that_hangs
        edge_that_is_not_ready
        edge_that_is_restarted_is_not_noticed_for_long
        last_resort
        without_a_last_resort_nobody_holds_it
        points_move_it
        every_kind_of_check
        hanging_script_is_killed_with_its_children
        hooks_are_told_what_happens
        hanging_hook_delays_nothing
        hook_that_fails_is_tried_again;
    hostile:
        firewall_drops_what_comes_in
        wrong_packets_are_counted
        wrong_packets_of_version_2_are_counted
        wrong_packets_over_ipv6_are_counted
        strangers_are_no_peers
        stolen_address_is_taken_back
        forged_packet_costs_a_bounded_time_without_keys
        forged_packets_do_nothing_with_keys
        authentication_begins_in_three_steps
        keys_are_replaced
        flood_of_lower_priorities_is_not_multiplied
        mutated_packets
        mutated_packets_without_keys;
    keepalived:
        version_2_ours_first
        version_2_keepalived_first
        version_2_unicast_ours_first
        version_2_unicast_keepalived_first
        version_3_ours_first
        version_3_keepalived_first
        version_3_unicast_ours_first
        version_3_unicast_keepalived_first
        ipv6_ours_first
        ipv6_keepalived_first
        ipv6_unicast_ours_first
        ipv6_unicast_keepalived_first
        switching_over_node_by_node;
    operation:
        reload_changes_priority_and_addresses
        reload_adds_and_removes_instances
        reload_of_a_bad_file_is_refused
        what_is_broken_does_not_start
        recording_is_replayed
        status_and_exit_codes
        pages_move_nothing
        metrics_are_there_and_right
        two_capabilities_suffice
        address_that_cannot_be_put_is_not_advertised
        address_that_is_taken_away_for_good_is_given_up;
    pair:
        higher_priority_holds_the_address
        killed_daemon_leaves_no_address
        frozen_daemon_wakes_as_a_loser
        link_down_and_up
        unplugged_and_plugged_in
        partition_heals
        release_and_resume
        released_node_still_replaces_a_dead_one
        stopping_hands_over
        restart_cleans_up
        address_removed_by_hand_is_back
        nopreempt_leaves_it_where_it_is
        group_moves_together
        unicast
        ipv6
        ipv6_unicast
        version_2_with_a_password
        checksum_of_the_rfc
        witness_decides_who_is_isolated
        witness_over_http
        silent_holder_is_its_own_witness
        silent_holder_is_its_own_witness_over_ipv6;
}

#[test]
fn every_scenario_is_run() {
    let listed = python().arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let run: String = ALL
        .iter()
        .map(|(file, name)| format!("{file} {name}\n"))
        .collect();
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert!(!listed.is_empty());
    assert_eq!(sorted(&listed), sorted(&run));
}
