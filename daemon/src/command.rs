//! What the command lines of all programs have in common.

use std::io::{self, Write as _};

use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::lifecycle::Exit;

/// Reads the command line and does what it says; what goes wrong is said on standard error, after the
/// program's name.
pub fn main<A: Parser>(carry_out: impl FnOnce(A) -> Result<(), String>) -> Exit {
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            let printed = message.print();
            let good = !message.use_stderr() && printed.is_ok();
            return if good { Exit::Good } else { Exit::Usage };
        }
    };
    match carry_out(arguments) {
        Ok(()) => Exit::Good,
        Err(message) => {
            let name = A::command();
            // Where even that fails the exit code has to do.
            drop(writeln!(io::stderr(), "{}: {message}", name.get_name()));
            Exit::Bad
        }
    }
}

/// Prints a line, or several, on standard output.
pub fn print(text: impl AsRef<str>) -> Result<(), String> {
    writeln!(io::stdout(), "{}", text.as_ref()).map_err(|error| error.to_string())
}

/// Prints a completion script for a shell.
pub fn completions<A: CommandFactory>(shell: Shell) -> Result<(), String> {
    let mut command = A::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    io::stdout()
        .write_all(&script)
        .map_err(|error| error.to_string())
}

/// Prints the manual page.
pub fn manual<A: CommandFactory>() -> Result<(), String> {
    clap_mangen::Man::new(A::command())
        .render(&mut io::stdout())
        .map_err(|error| error.to_string())
}

/// Prints the JSON schema of configuration files for a `T`.
pub fn schema<T: schemars::JsonSchema>() -> Result<(), String> {
    let schema = crate::config::schema::<T>();
    print(serde_json::to_string_pretty(&schema).map_err(|error| error.to_string())?)
}
