//! `hifate-backend`: the command line around the library of the same name.

use std::io::{self, Write};

use clap::{CommandFactory, Parser};
use daemon::lifecycle::Exit;

mod cli;
mod command;

use cli::{Cli, Command};

/// Smaller and quicker than the system's for many short-lived allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Exit {
    let done = match Cli::parse().command {
        Command::Serve(serve) => command::serve(&serve),
        Command::Migrate(source) => command::migrate(&source),
        Command::Chart(chart) => command::chart(&chart),
        Command::Check(source) => command::check(&source),
        Command::Schema => command::schema(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), NAME, &mut io::stdout());
            Ok(())
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut io::stdout())
            .map_err(command::Error::from),
    };
    match done {
        Ok(()) => Exit::Good,
        Err(error) => {
            // When standard error is closed there is nobody left to tell.
            drop(writeln!(io::stderr(), "{error}"));
            Exit::Bad
        }
    }
}

const NAME: &str = env!("CARGO_PKG_NAME");
