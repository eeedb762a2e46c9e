//! `hifate-vip import keepalived`.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use keepalived_import::{Files, Finding, Imported, Options, Severity, import};
use serde_json::{Value, json};

/// Where a configuration comes from.
#[derive(Debug, clap::Subcommand)]
pub(super) enum From {
    /// From keepalived's configuration. What never worked in it, and what is not the same, is told on standard
    /// error, with its line; exits with 1 if something is lost.
    Keepalived(Keepalived),
}

#[derive(Debug, clap::Args)]
pub(super) struct Keepalived {
    /// keepalived's configuration.
    #[arg(default_value = "/etc/keepalived/keepalived.conf")]
    file: PathBuf,
    /// The other node's priority, to say whether a failed check moves the addresses.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    peer_priority: Option<u8>,
    /// Which lines of one node (`@NAME`) are meant, as keepalived's option of this name; the host's name if
    /// absent.
    #[arg(long, value_name = "NAME")]
    config_id: Option<String>,
    /// The file is another machine's: whether programs are there is not looked at.
    #[arg(long)]
    elsewhere: bool,
    /// Write the configuration to this file, which is not to be there yet, in place of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the passwords to the files that the configuration names for them, which only this user can read.
    #[arg(long)]
    write_passwords: bool,
    /// Print a JSON object with the configuration (unless it goes to a file) and what is to be said about it.
    #[arg(long)]
    json: bool,
}

/// Imports, prints, and tells what is not the same.
pub(super) fn run(from: &From) -> Result<(), String> {
    let From::Keepalived(asked) = from;
    let main = std::path::absolute(&asked.file).unwrap_or_else(|_| asked.file.clone());
    let files = Disk {
        elsewhere: asked.elsewhere,
    };
    let options = Options {
        config_id: asked.config_id.clone().or_else(host_name),
        peer_priority: asked.peer_priority,
    };
    let imported = import(&main.display().to_string(), &files, &options)
        .map_err(|mistake| mistake.to_string())?;
    write(asked, &imported)?;
    if !asked.json {
        tell(asked, &imported).map_err(|error| error.to_string())?;
    }
    let lost = imported.findings.iter();
    match lost
        .filter(|found| found.severity == Severity::Lost)
        .count()
    {
        0 => Ok(()),
        1 => Err("1 thing is not taken over".to_owned()),
        lost => Err(format!("{lost} things are not taken over")),
    }
}

fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// The files of this machine.
struct Disk {
    elsewhere: bool,
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let found = glob::glob(pattern).map_err(|error| error.msg.to_owned())?;
        let path = |found: Result<PathBuf, glob::GlobError>| match found {
            Ok(path) => Ok(path.display().to_string()),
            Err(error) => Err(error.to_string()),
        };
        found.map(path).collect()
    }

    fn runs(&self, program: &str) -> Option<bool> {
        let is_program = || {
            let about = fs::metadata(program);
            about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
        };
        (!self.elsewhere).then(is_program)
    }
}

fn write(asked: &Keepalived, imported: &Imported) -> Result<(), String> {
    if let Some(path) = &asked.output {
        create(path, &imported.text, 0o644)?;
    }
    if asked.write_passwords {
        for password in &imported.passwords {
            create(Path::new(&password.file), &password.secret, 0o600)?;
        }
    }
    let text = match (asked.json, &asked.output) {
        (true, path) => {
            let findings: Vec<Value> = imported.findings.iter().map(as_json).collect();
            let config = path.is_none().then_some(&imported.text);
            let answer = json!({ "findings": findings, "config": config });
            serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())?
        }
        (false, None) => imported.text.trim_end().to_owned(),
        (false, Some(_)) => return Ok(()),
    };
    super::print(text)
}

/// A file that is in use is not overwritten.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), String> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "severity": finding.severity,
        "file": finding.at.file.as_ref(),
        "line": finding.at.line,
        "message": finding.message,
        "help": finding.help,
    })
}

/// What is to be said, what matters most first.
fn tell(asked: &Keepalived, imported: &Imported) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    for (severity, heading) in [
        (
            Severity::Problem,
            "Problem: with keepalived it does not do what it seems to do",
        ),
        (
            Severity::Lost,
            "Lost: not taken over, and it will be noticed",
        ),
        (
            Severity::Differs,
            "Differs: taken over, and not quite the same",
        ),
        (Severity::Note, "For your information"),
    ] {
        let mut found = imported
            .findings
            .iter()
            .filter(|found| found.severity == severity)
            .peekable();
        if found.peek().is_none() {
            continue;
        }
        writeln!(stderr, "{heading}")?;
        for finding in found {
            writeln!(
                stderr,
                "  {} [{}] {}",
                finding.at, finding.id, finding.message
            )?;
            if let Some(help) = &finding.help {
                writeln!(stderr, "      help: {help}")?;
            }
        }
        writeln!(stderr)?;
    }
    if !asked.write_passwords {
        for password in &imported.passwords {
            let file = &password.file;
            writeln!(
                stderr,
                "the password belongs into {file}; --write-passwords puts it there"
            )?;
        }
    }
    Ok(())
}
