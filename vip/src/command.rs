//! The command line of `hifate-vip`.

mod check;
mod import;
mod operate;
mod replay;
mod status;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use daemon::command::{self, print};
use daemon::lifecycle::Exit;

use crate::config::file;

/// The VIP daemon: an address that is always on exactly one healthy node.
#[derive(Debug, Parser)]
#[command(name = "hifate-vip", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground.
    ///
    /// It needs the capabilities `CAP_NET_ADMIN` and `CAP_NET_RAW`. Signals: HUP reloads the configuration; TERM, INT and QUIT
    /// hand the addresses over, and end.
    Run {
        #[command(flatten)]
        config: ConfigFile,
        /// Write down all that happens to the election, for `replay`.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
    },
    /// Check the configuration: say everything that is wrong with it, what is hardly meant, and how long a
    /// failover takes with it.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Take warnings for errors.
        #[arg(long)]
        strict: bool,
    },
    /// Show what a running daemon does. Exits with 1 if an instance is not fit to hold its addresses.
    Status {
        #[command(flatten)]
        running: Running,
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Show it again every second.
        #[arg(long, conflicts_with = "json")]
        watch: bool,
    },
    /// Hand the addresses over to the other node, and wait until it has them. They are not taken back while
    /// it holds them, until `resume`.
    Release {
        #[command(flatten)]
        running: Running,
        /// One instance; all of them if absent.
        instance: Option<String>,
        /// The daemon is dead: remove what it has left. If it is not, nothing is done.
        #[arg(long, conflicts_with = "instance")]
        dead: bool,
    },
    /// Let this node take the addresses again.
    Resume {
        #[command(flatten)]
        running: Running,
        /// One instance; all of them if absent.
        instance: Option<String>,
    },
    /// Write a configuration that does what another program's does.
    Import {
        #[command(subcommand)]
        from: import::From,
    },
    /// Run an election again from a recording, and show what was done, and what would be done now.
    Replay {
        /// The recording.
        file: PathBuf,
        /// Only what this instance did.
        #[arg(long)]
        instance: Option<String>,
    },
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
        env = "HIFATE_VIP_CONFIG",
        default_value = "/etc/hifate/vip.toml"
    )]
    config: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Running {
    #[command(flatten)]
    config: ConfigFile,
    /// The admin port of the running daemon; by default the one in the configuration file.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
}

/// Does what the command line says.
pub fn main() -> Exit {
    command::main(|arguments: Arguments| carry_out(arguments.command))
}

fn carry_out(command: Command) -> Result<(), String> {
    match command {
        Command::Run { config, record } => {
            let run = crate::run::run(&config.config, record.as_deref());
            run.map_err(|error| error.to_string())
        }
        Command::Check { config, strict } => check::check(&config.config, strict),
        Command::Status {
            running,
            json,
            watch,
        } => status::show(&running, json, watch),
        Command::Release {
            running,
            dead: true,
            ..
        } => operate::bury(&running),
        Command::Release {
            running, instance, ..
        } => operate::release(&running, instance.as_deref()),
        Command::Resume { running, instance } => operate::resume(&running, instance.as_deref()),
        Command::Import { from } => import::run(&from),
        Command::Replay { file, instance } => replay::replay(&file, instance.as_deref()),
        Command::Schema => command::schema::<file::Config>(),
        Command::Completions { shell } => command::completions::<Arguments>(shell),
        Command::Man => command::manual::<Arguments>(),
    }
}
