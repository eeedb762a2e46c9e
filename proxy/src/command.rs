//! The command line of `hifate-edge`.

mod ask;
mod check;
mod explain;
mod import;
mod operate;
mod status;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use daemon::command::{self, print};
use daemon::lifecycle::Exit;
use edge_core::config::file;

use crate::control::load;

/// The edge proxy: reverse proxy and load balancer.
#[derive(Debug, Parser)]
#[command(name = "hifate-edge", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the proxy in the foreground.
    ///
    /// Signals: HUP reloads the configuration, QUIT stops after the requests under way, TERM and
    /// INT stop at once, USR1 opens the log files again, USR2 has a new process take over, from the
    /// program that is then found where this one was. Sockets of the service manager (`LISTEN_FDS`)
    /// are used for the listeners that have their addresses.
    Run {
        #[command(flatten)]
        config: ConfigFile,
        /// Stop when standard input ends (for programs that start the edge).
        #[arg(long, hide = true)]
        stop_on_stdin_eof: bool,
    },
    /// Check the configuration and say everything that is wrong with it (as `nginx -t`), and what is
    /// hardly meant.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Take warnings for errors.
        #[arg(long)]
        strict: bool,
        /// Print the configuration as it comes to be: what is included and filled in, with the file
        /// and the line that it is from, and built-in defaults as comments.
        #[arg(long)]
        print: bool,
    },
    /// Say what becomes of a request, and why: site, route, server, headers, limits.
    Explain(explain::Request),
    /// Write a configuration that does what another program's does.
    Import {
        #[command(subcommand)]
        from: import::From,
    },
    /// Have a running edge read its configuration again, and wait for the outcome.
    Reload(Running),
    /// Have a new process, of the program that is now where the running edge's was, take over from that
    /// one without losing a request, and wait for the outcome.
    ///
    /// If the new process cannot be started, does not like its configuration, or is not ready within
    /// `server.upgrade_timeout`, the running one goes on as if nothing had been.
    Upgrade(Running),
    /// Show or change how much a running edge logs, until it is changed again or the process ends.
    Log {
        #[command(flatten)]
        running: Running,
        /// error, warn, info, debug or trace; of single modules as MODULE=LEVEL (h2=debug). Without any,
        /// what is in use is shown.
        #[arg(value_name = "LEVEL|MODULE=LEVEL")]
        changes: Vec<ask::LogChange>,
        /// Go back to what is configured.
        #[arg(long, conflicts_with = "changes")]
        reset: bool,
    },
    /// Show what a running edge does: listeners, sites, servers and why they are as they are,
    /// certificates. Exits with 1 if it cannot answer requests.
    Status {
        #[command(flatten)]
        running: Running,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a server no new clients, but for those that are to stay with it.
    Drain {
        #[command(flatten)]
        target: operate::Target,
        /// Come back when its last request has ended.
        #[arg(long)]
        wait: bool,
        /// Seconds to wait at most.
        #[arg(
            long,
            value_name = "SECONDS",
            default_value_t = 3600,
            requires = "wait"
        )]
        timeout: u64,
    },
    /// Give a drained server clients again.
    Undrain(operate::Target),
    /// Change a server's weight.
    Weight {
        #[command(flatten)]
        target: operate::Target,
        /// Its share of the requests within its tier.
        weight: NonZeroU32,
    },
    /// Add a server to an upstream of a running edge.
    Add {
        #[command(flatten)]
        target: operate::Target,
        /// Its share of the requests within its tier.
        #[arg(long, value_name = "N")]
        weight: Option<NonZeroU32>,
        /// Ask it only when no other can be.
        #[arg(long)]
        backup: bool,
    },
    /// Remove a server from an upstream of a running edge, once its last request has ended.
    Remove {
        #[command(flatten)]
        target: operate::Target,
        /// Do not wait for its requests; they end as they would.
        #[arg(long)]
        now: bool,
    },
    /// Stop a running edge after the requests under way (through its pid file).
    Quit(ConfigFile),
    /// Print the JSON Schema of the configuration file.
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        short,
        value_name = "FILE",
        env = "HIFATE_EDGE_CONFIG",
        default_value = "/etc/hifate/edge.toml"
    )]
    config: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Running {
    #[command(flatten)]
    config: ConfigFile,
    /// The admin port of the running edge; by default the one in the configuration file.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// The file with the token that it wants; by default the one in the configuration file.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Does what the command line says.
pub fn main() -> Exit {
    command::main(|arguments: Arguments| carry_out(arguments.command))
}

fn carry_out(command: Command) -> Result<(), String> {
    match command {
        Command::Run {
            config,
            stop_on_stdin_eof,
        } => crate::run::run(&config.config, stop_on_stdin_eof).map_err(|error| error.to_string()),
        Command::Check {
            config,
            print: true,
            strict: _,
        } => check::print(&config.config),
        Command::Check { config, strict, .. } => check::check(&config.config, strict),
        Command::Explain(request) => explain::run(&request).and_then(print),
        Command::Import { from } => import::run(&from),
        Command::Log {
            running,
            changes,
            reset,
        } => running
            .admin()
            .and_then(|edge| edge.log(&changes, reset))
            .and_then(print),
        Command::Upgrade(running) => running
            .admin()
            .and_then(|edge| edge.upgrade())
            .and_then(print),
        Command::Reload(running) => running
            .admin()
            .and_then(|edge| edge.reload())
            .and_then(print),
        Command::Status { running, json } => {
            running.admin().and_then(|edge| status::show(&edge, json))
        }
        Command::Drain {
            target,
            wait,
            timeout,
        } => {
            let patience = wait.then_some(Duration::from_secs(timeout));
            target.drain(patience).and_then(print)
        }
        Command::Undrain(target) => target.undrain().and_then(print),
        Command::Weight { target, weight } => target.weigh(weight).and_then(print),
        Command::Add {
            target,
            weight,
            backup,
        } => target.add(weight, backup).and_then(print),
        Command::Remove { target, now } => target.remove(now).and_then(print),
        Command::Quit(config) => quit(&config.config),
        Command::Schema => command::schema::<file::Config>(),
        Command::Completions { shell } => command::completions::<Arguments>(shell),
        Command::Man => command::manual::<Arguments>(),
    }
}

impl Running {
    /// The running edge.
    fn admin(&self) -> Result<ask::Edge, String> {
        // The edge itself is to say what is wrong with the rest of the file.
        let written = load::admin(&self.config.config);
        let (address, token_file) = match (self.admin, written) {
            (Some(admin), written) => (admin, written.ok().and_then(|file| file.token_file)),
            (None, Ok(file)) => (file.listen, file.token_file),
            (None, Err(report)) => {
                return Err(format!(
                    "{report}so the running edge is not known; name it with --admin ADDRESS"
                ));
            }
        };
        let token_file = self.token_file.clone().or(token_file);
        Ok(ask::Edge::new(address, token_file))
    }
}

fn quit(path: &Path) -> Result<(), String> {
    let loaded = load::load(path).map_err(|report| report.to_string())?;
    let pid_file = loaded
        .config
        .server
        .pid_file
        .ok_or("the configuration names no server.pid_file, so the process is not known")?;
    let process = daemon::lifecycle::PidFile::read(&pid_file)
        .map_err(|error| format!("{}: {error}", pid_file.display()))?;
    let process = nix::unistd::Pid::from_raw(process);
    nix::sys::signal::kill(process, nix::sys::signal::SIGQUIT)
        .map_err(|error| format!("process {process}: {error}"))?;
    print(format!(
        "process {process} stops after the requests under way"
    ))
}
