//! `hifate-vip` from outside: whole daemons on networks of their own, and what its commands say.

#![expect(
    clippy::format_collect,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and reads better in one piece"
)]

mod diagnostics;
mod scenarios;

use std::process::Command;

/// The daemon's program, which finds a test's files as this folder's.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hifate-vip"));
    command.env_remove("HIFATE_VIP_CONFIG").env("NO_COLOR", "1");
    command
}
