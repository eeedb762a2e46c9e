//! The VIP daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    hifate_vip::command::main().into()
}
