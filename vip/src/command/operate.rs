//! Asking a running daemon, and cleaning up after a dead one.

use std::net::SocketAddr;
use std::time::Duration;

use daemon::ask::{self, Question, Refusal};
use serde_json::{Value, json};

use super::Running;
use crate::config::Config;
use crate::net::Kernel;

/// Longer than a handover takes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Running {
    /// Where the daemon answers.
    pub(super) fn admin(&self) -> Result<SocketAddr, String> {
        if let Some(admin) = self.admin {
            return Ok(admin);
        }
        let loaded = Config::load(&self.config.config).map_err(|report| {
            format!("{report}so the running daemon is not known; name it with --admin ADDRESS")
        })?;
        Ok(loaded.config.admin)
    }

    /// Asks the daemon.
    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let asked = ask(self.admin()?, method, path, body);
        asked.map_err(|error| error.to_string())
    }
}

fn ask(
    admin: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, Refusal> {
    ask::ask(&Question {
        admin,
        method,
        path,
        headers: "",
        body,
        patience: PATIENCE,
    })
}

/// Hands over, and waits for the outcome.
pub(super) fn release(running: &Running, instance: Option<&str>) -> Result<(), String> {
    running.ask("POST", "/api/v1/release", Some(&chosen(instance)))?;
    super::print("handed over; `hifate-vip resume` lets this node take the addresses again")
}

/// Lets the node take the addresses again.
pub(super) fn resume(running: &Running, instance: Option<&str>) -> Result<(), String> {
    running.ask("POST", "/api/v1/resume", Some(&chosen(instance)))?;
    super::print("this node takes the addresses when it is its turn")
}

fn chosen(instance: Option<&str>) -> Value {
    match instance {
        Some(name) => json!({ "instance": name }),
        None => json!({}),
    }
}

/// Removes what a dead daemon has left.
pub(super) fn bury(running: &Running) -> Result<(), String> {
    let loaded = Config::load(&running.config.config).map_err(|report| report.to_string())?;
    let admin = running.admin.unwrap_or(loaded.config.admin);
    if ask(admin, "GET", "/health", None).is_ok() {
        return super::print("the daemon lives; nothing is removed");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let (kernel, _) = Kernel::open().map_err(|error| error.to_string())?;
        for instance in &loaded.config.instances {
            let Some(facts) = kernel.look(&instance.interface).await else {
                continue;
            };
            let moved = |held: &&ipnet::IpNet| {
                instance
                    .addresses
                    .iter()
                    .any(|own| own.addr() == held.addr())
            };
            let left: Vec<_> = facts.addresses.iter().filter(moved).copied().collect();
            kernel.remove(facts.index, &left).await?;
            for address in left {
                super::print(format!("{}: {address} removed", instance.name))?;
            }
        }
        Ok(())
    })
}
