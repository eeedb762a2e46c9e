//! A program that runs for as long as this one.

use std::env;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::Error;
use crate::node::Node;

/// A running program, whose output appears under its name.
#[derive(Debug)]
pub(super) struct Child {
    name: &'static str,
    process: tokio::process::Child,
    output: Vec<JoinHandle<()>>,
}

impl Child {
    /// Starts `hifate-{name}`: the one beside this program, or else the one on the path.
    pub(super) fn start(
        name: &'static str,
        arguments: &[&str],
        node: &Node,
        data: &Path,
    ) -> Result<Self, Error> {
        let program = beside(&format!("hifate-{name}"));
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .arg("--stop-on-stdin-eof")
            .env("HIFATE_DATA", data)
            .envs(
                node.iter()
                    .map(|(part, address)| (part.variable(), address.to_string())),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches the whole group of a terminal; the children hear of it from us.
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command
            .spawn()
            .map_err(|source| Error::Start { program, source })?;
        let output = [
            process
                .stdout
                .take()
                .map(|out| tokio::spawn(relay(name, out))),
            process
                .stderr
                .take()
                .map(|err| tokio::spawn(relay(name, err))),
        ];
        Ok(Self {
            name,
            process,
            output: output.into_iter().flatten().collect(),
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> io::Result<Option<String>> {
        Ok(self.process.try_wait()?.map(described))
    }

    fn signal(&self, signal: Signal) {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id
            && let Err(error) = kill(Pid::from_raw(id), signal)
        {
            say(&format!(
                "{}: {signal} does not reach it: {error}",
                self.name
            ));
        }
    }
}

/// Stops every child: SIGTERM, and SIGKILL for what is left after [`GRACE`].
pub(super) async fn stop(mut children: Vec<Child>) -> io::Result<()> {
    let deadline = Instant::now() + GRACE;
    for child in &children {
        child.signal(Signal::SIGTERM);
    }
    for child in &mut children {
        if timeout_at(deadline, child.process.wait()).await.is_err() {
            say(&format!("{}: killed, it did not stop in time", child.name));
            child.process.kill().await?;
        }
        // What it said last is still on its way.
        for output in &mut child.output {
            drop(timeout_at(deadline + SETTLE, output).await);
        }
    }
    Ok(())
}

/// Prints a line, unless nobody is left to read it.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stdout(), "{line}"));
}

/// Prints what a program says, line by line, under its name.
async fn relay(name: &'static str, output: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        say(&format!("{name:<7} | {line}"));
    }
}

fn beside(program: &str) -> PathBuf {
    let own = env::current_exe().ok();
    let sibling = own.and_then(|own| Some(own.parent()?.join(program)));
    sibling
        .filter(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from(program))
}

fn described(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// How long the children may take to stop.
const GRACE: Duration = Duration::from_millis(1500);

/// How much longer their last words may take.
const SETTLE: Duration = Duration::from_millis(100);
