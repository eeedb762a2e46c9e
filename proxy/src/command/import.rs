//! `hifate-edge import nginx`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use daemon::config::{Document, Report};
use edge_core::config::{Config, file};
use nginx_import::{Files, Imported, Mistake, Note, Severity};
use serde_json::{Value, json};

/// Where a configuration comes from.
#[derive(Debug, clap::Subcommand)]
pub(super) enum From {
    /// From nginx's configuration. What is not the same is told on standard error, with its line; exits
    /// with 1 if something is lost that clients or servers would notice.
    Nginx(Nginx),
}

#[derive(Debug, clap::Args)]
pub(super) struct Nginx {
    /// nginx's configuration: the whole, or a file of what stands in `http`.
    #[arg(default_value = "/etc/nginx/nginx.conf")]
    file: PathBuf,
    /// The directory that nginx was built for, and that relative paths of logs and files are in (its -p).
    #[arg(long, value_name = "DIR", default_value = "/usr/share/nginx")]
    prefix: PathBuf,
    /// Write the configuration to this file, which is not to be there yet, in place of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print a JSON object with the configuration (unless it goes to a file) and the notes.
    #[arg(long)]
    json: bool,
}

/// Imports, prints, and tells what is not the same.
pub(super) fn run(from: &From) -> Result<(), String> {
    let From::Nginx(asked) = from;
    let main = std::path::absolute(&asked.file).unwrap_or_else(|_| asked.file.clone());
    let main = main.display().to_string();
    let prefix = asked.prefix.display().to_string();
    let imported =
        nginx_import::import(&main, &Disk, &prefix).map_err(|mistake| unread(&mistake))?;
    write(asked, &imported)?;
    if !asked.json {
        tell(&imported.notes).map_err(|error| error.to_string())?;
    }
    verify(&imported.text)?;
    let lost = count(&imported.notes, Severity::Lost);
    match lost {
        0 => Ok(()),
        1 => Err("1 thing is not taken over".to_owned()),
        _ => Err(format!("{lost} things are not taken over")),
    }
}

/// The files of this machine.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        fs::read(path).map_err(|error| error.to_string())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        // As glob(3), which nginx uses.
        let options = glob::MatchOptions {
            require_literal_separator: true,
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let found = glob::glob_with(pattern, options).map_err(|error| error.msg.to_owned())?;
        let path = |found: Result<PathBuf, glob::GlobError>| match found {
            Ok(path) => Ok(path.display().to_string()),
            Err(error) => Err(error.to_string()),
        };
        found.map(path).collect()
    }
}

fn unread(mistake: &Mistake) -> String {
    let at = &mistake.at;
    let name = (at.file.name.as_str(), at.file.text.as_str());
    let report = Report::of(
        name,
        at.span.clone(),
        &mistake.message,
        mistake.help.as_deref(),
    );
    // Where standard error is closed the exit code has to do.
    drop(report.print());
    format!("{}: nginx would not take it either", at.file.name)
}

fn write(asked: &Nginx, imported: &Imported) -> Result<(), String> {
    if let Some(path) = &asked.output {
        create(path, &imported.text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let text = match (asked.json, &asked.output) {
        (true, path) => {
            let notes: Vec<Value> = imported.notes.iter().map(as_json).collect();
            let mut answer = json!({ "notes": notes });
            if path.is_none()
                && let Some(answer) = answer.as_object_mut()
            {
                answer.insert("config".to_owned(), Value::from(imported.text.as_str()));
            }
            serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())?
        }
        (false, None) => imported.text.trim_end().to_owned(),
        (false, Some(_)) => return Ok(()),
    };
    super::print(text)
}

/// A configuration that is in use is not overwritten.
fn create(path: &Path, text: &str) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

fn as_json(note: &Note) -> Value {
    json!({
        "severity": note.severity,
        "file": note.at.file.name,
        "line": note.at.line,
        "directive": note.directive,
        "message": note.message,
        "help": note.help,
    })
}

fn count(notes: &[Note], severity: Severity) -> usize {
    notes
        .iter()
        .filter(|note| note.severity == severity)
        .count()
}

/// The notes, what matters most first; what is said of several lines is said once.
fn tell(notes: &[Note]) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    for (severity, heading) in [
        (
            Severity::Lost,
            "Lost: not taken over, and it will be noticed",
        ),
        (
            Severity::Differs,
            "Differs: taken over, and not quite the same",
        ),
        (Severity::Info, "For your information"),
    ] {
        let mut rest: Vec<&Note> = notes
            .iter()
            .filter(|note| note.severity == severity)
            .collect();
        if rest.is_empty() {
            continue;
        }
        writeln!(stderr, "{heading}")?;
        while let Some(first) = rest.first().copied() {
            let is_same =
                |note: &&Note| (&note.message, &note.help) == (&first.message, &first.help);
            let (same, others): (Vec<&Note>, Vec<&Note>) = rest.into_iter().partition(is_same);
            for note in same {
                writeln!(stderr, "  {}: {}", note.at, note.directive)?;
            }
            writeln!(stderr, "      {}", first.message)?;
            if let Some(help) = &first.help {
                writeln!(stderr, "      help: {help}")?;
            }
            rest = others;
        }
        writeln!(stderr)?;
    }
    Ok(())
}

/// What is printed has to be a configuration; if it is none, that is a mistake of this program.
fn verify(text: &str) -> Result<(), String> {
    // A value that is not there yet is as good as a host name.
    let env = |name: &str| {
        Some(std::env::var(name).unwrap_or_else(|_| name.to_lowercase().replace('_', "-")))
    };
    let document = Document::parse("the imported configuration", text, &env);
    let checked = document.and_then(|document| {
        let reading = document.read::<file::Config>();
        reading.meant(Config::from_file).map(drop)
    });
    checked.map_err(|report| {
        drop(report.print());
        "what is printed has mistakes, which are ours: please mend them by hand, and report them"
            .to_owned()
    })
}
