//! `hifate`: one command for a node.
//!
//! It starts the other programs as processes and asks them over HTTP how they are; it shares no
//! state with them and knows nothing of their insides.

use std::io::{self, Write};

use clap::{CommandFactory, Parser};
use daemon::lifecycle::Exit;
use tokio::runtime::Builder;

mod cli;
mod node;
mod probe;
mod status;
mod up;

use cli::{Cli, Command};

fn main() -> Exit {
    match run(Cli::parse().command) {
        Ok(exit) => exit,
        Err(error) => {
            // When standard error is closed there is nobody left to tell.
            drop(writeln!(io::stderr(), "hifate: {error}"));
            Exit::Bad
        }
    }
}

fn run(command: Command) -> Result<Exit, up::Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Up(up) => runtime.block_on(up::run(&up)).map(|()| Exit::Good),
        Command::Status(asked) => Ok(runtime.block_on(status::run(&asked))?),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), NAME, &mut io::stdout());
            Ok(Exit::Good)
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?;
            Ok(Exit::Good)
        }
    }
}

const NAME: &str = env!("CARGO_PKG_NAME");
