//! Programs: each in a process group of its own, which is killed as a whole when it is too late.

use std::io;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt as _;
use tokio::process;

use crate::config::Command;

/// Kills a process group, unless its leader has ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have gone in the meantime.
            let _gone = killpg(group, Signal::SIGKILL);
        }
    }
}

/// Whether a program exits with 0. If this is dropped, the program and all its children are killed.
pub(super) async fn succeeds(command: &Command) -> bool {
    let run = run(command, &[], &[], "");
    run.await.is_ok_and(|status| status.success())
}

/// Runs a program with some arguments and variables more, and `input` on its standard input.
pub(crate) async fn run(
    command: &Command,
    arguments: &[&str],
    variables: &[(&str, String)],
    input: &str,
) -> io::Result<ExitStatus> {
    let mut child = process::Command::new(&command.program)
        .args(&command.arguments)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let mut group = Group(id.map(Pid::from_raw));
    if let Some(mut stdin) = child.stdin.take() {
        // A program need not read what it is told.
        drop(stdin.write_all(input.as_bytes()).await);
    }
    let status = child.wait().await;
    group.0 = None;
    status
}
