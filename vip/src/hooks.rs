//! Programs that are run when a state changes: one after another, and never in the way of an election.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use vrrp::router::{Reason, State};

use crate::config::{Command, Notify};
use crate::health::run_command;
use crate::metrics::Metrics;

/// A change of state, as hooks and operators are told of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    pub(crate) instance: String,
    pub(crate) state: State,
    pub(crate) reason: Reason,
    /// The reason in words.
    pub(crate) why: String,
    pub(crate) priority: u8,
    pub(crate) interface: String,
    pub(crate) addresses: Vec<String>,
    /// When, by RFC 3339.
    pub(crate) at: String,
    /// Counts the changes of this instance: a program can tell which of two came later.
    pub(crate) generation: u64,
    /// Whether the daemon ends with it.
    pub(crate) stopped: bool,
}

/// How often a program is tried that fails.
const TRIES: u32 = 3;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The programs of one instance.
#[derive(Debug)]
pub(crate) struct Hooks {
    changes: mpsc::UnboundedSender<(Notify, Change)>,
    task: JoinHandle<()>,
}

impl Hooks {
    pub(crate) fn start(metrics: Metrics) -> Self {
        let (sender, mut changes) = mpsc::unbounded_channel::<(Notify, Change)>();
        let task = tokio::spawn(async move {
            while let Some((notify, change)) = changes.recv().await {
                for (command, arguments) in commands(&notify, &change) {
                    let is_last = || changes.is_empty();
                    let ended = run(command, &arguments, &change, notify.timeout, is_last).await;
                    let labels = [
                        change.instance.as_str(),
                        if ended { "success" } else { "failure" },
                    ];
                    metrics.hooks.with_label_values(&labels).inc();
                }
            }
        });
        let changes = sender;
        Self { changes, task }
    }

    /// Has the programs run that want to know of this.
    pub(crate) fn tell(&self, notify: &Notify, change: Change) {
        // The task ends with the daemon.
        drop(self.changes.send((notify.clone(), change)));
    }
}

impl Hooks {
    /// Waits until all have ended, but not for ever.
    pub(crate) async fn finish(self, patience: Duration) {
        drop(self.changes);
        if timeout(patience, self.task).await.is_err() {
            tracing::warn!("hooks are killed: they take too long, and the daemon ends");
        }
    }
}

/// The programs for a change, with keepalived's arguments for those that have them.
fn commands<'n>(notify: &'n Notify, change: &Change) -> Vec<(&'n Command, Vec<String>)> {
    let special = match change.state {
        _ if change.stopped => &notify.stop,
        State::Master => &notify.master,
        State::Backup => &notify.backup,
        State::Fault => &notify.fault,
        State::Init => &None,
    };
    let word = if change.stopped {
        "STOP".into()
    } else {
        change.state.name().to_uppercase()
    };
    let arguments = vec![
        "INSTANCE".to_owned(),
        change.instance.clone(),
        word,
        change.priority.to_string(),
    ];
    let special = special.iter().map(|command| (command, Vec::new()));
    let any = notify
        .any
        .iter()
        .map(|command| (command, arguments.clone()));
    special.chain(any).collect()
}

/// Runs one, again if it fails and nothing has happened since; answers whether it has succeeded.
async fn run(
    command: &Command,
    arguments: &[String],
    change: &Change,
    patience: Duration,
    is_last: impl Fn() -> bool,
) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variables = [
        ("VIP_INSTANCE", change.instance.clone()),
        ("VIP_STATE", change.state.name().to_owned()),
        ("VIP_REASON", change.why.clone()),
        ("VIP_PRIORITY", change.priority.to_string()),
        ("VIP_INTERFACE", change.interface.clone()),
        ("VIP_ADDRESSES", change.addresses.join(" ")),
        ("VIP_GENERATION", change.generation.to_string()),
    ];
    let event = serde_json::to_string(change).unwrap_or_default();
    for attempt in 1..=TRIES {
        let ended = timeout(
            patience,
            run_command(command, &arguments, &variables, &event),
        )
        .await;
        let failure = match ended {
            Ok(Ok(status)) if status.success() => return true,
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("killed after {patience:?}"),
        };
        tracing::warn!(%command, instance = change.instance, attempt, failure, "a hook failed");
        if !is_last() {
            break;
        }
        sleep(PAUSE).await;
    }
    false
}
