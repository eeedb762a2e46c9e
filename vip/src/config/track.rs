//! What a node needs in order to hold its addresses.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use settings::{Place, Problems};
use vrrp::track::Weight;

use super::file;
use super::instance::absolute;

/// One thing that is looked at again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Its name in logs and metrics.
    pub name: String,
    /// How it is looked at.
    pub probe: Probe,
    /// Between the beginnings of two looks.
    pub interval: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// Up again after so many successes.
    pub rise: u32,
    /// Down after so many failures.
    pub fall: u32,
    /// What it means when it is down.
    pub weight: Weight,
}

/// How something is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// The admin port of an edge.
    Edge(SocketAddr),
    /// A request that is answered with 2xx.
    Http(HttpUrl),
    /// A connection that is accepted.
    Tcp(String),
    /// A program that exits with 0.
    Script(Command),
    /// A network interface.
    Interface(String),
    /// A file.
    File(PathBuf),
}

/// `http://HOST:PORT/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    /// The host and the port to connect to.
    pub authority: String,
    /// The path and the query to ask for.
    pub path: String,
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address such as http://127.0.0.1:8080/health");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let authority = authority.ok_or_else(wrong)?;
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            authority: format!("{}:{port}", authority.host()),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where the program is.
    pub program: PathBuf,
    /// What it is given.
    pub arguments: Vec<String>,
}

impl Command {
    /// What a list of words means. Words of a shell are refused: there is none.
    pub(super) fn parse(words: &[String]) -> Result<Self, String> {
        let Some((program, arguments)) = words.split_first() else {
            return Err("there is no program in it".into());
        };
        let is_shell = |word: &String| {
            ["|", "||", "&&", "&", ";", ">", "<", ">>"].contains(&word.as_str())
                || word.starts_with("$(")
        };
        if let Some(word) = words.iter().find(|word| is_shell(word)) {
            return Err(format!(
                "`{word}` is an argument here: there is no shell; where one is meant, write [\"/bin/sh\", \"-c\", \"...\"]"
            ));
        }
        Ok(Self {
            program: absolute(program)?,
            arguments: arguments.to_vec(),
        })
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.program.display())
    }
}

/// What the list means, as far as it means something.
pub(super) fn resolve_all(
    written: &[file::Track],
    at: &Place,
    problems: &mut Problems,
) -> Vec<Track> {
    let mut tracks: Vec<Track> = Vec::new();
    for (index, written) in written.iter().enumerate() {
        let at = at.index(index);
        let Some(track) = resolve(written, &at, problems) else {
            continue;
        };
        if tracks.iter().any(|other| other.name == track.name) {
            let message = format!("`{}` is tracked twice", track.name);
            problems.push_with_help(&at, message, "give one of them another `name`");
        }
        tracks.push(track);
    }
    tracks
}

fn resolve(written: &file::Track, at: &Place, problems: &mut Problems) -> Option<Track> {
    let probe = probe(written, at, problems);
    let fast = matches!(
        probe,
        Some((_, Probe::Edge(_) | Probe::Interface(_) | Probe::File(_)))
    );
    let usual = if fast {
        Duration::from_millis(100)
    } else {
        Duration::from_secs(1)
    };
    let interval = written.interval.map_or(usual, |given| given.0);
    if interval < Duration::from_millis(10) {
        problems.push(&at.key("interval"), "no less than 10ms");
    }
    let timeout = written.timeout.map_or(interval * 2, |given| given.0);
    if timeout.is_zero() {
        problems.push(&at.key("timeout"), "nothing is done in no time");
    }
    for (key, count) in [("fall", written.fall), ("rise", written.rise)] {
        if count == 0 {
            problems.push(&at.key(key), "at least 1");
        }
    }
    let weight = match written.weight {
        file::Weight::Fault(file::Fault::Fault) => Weight::Fault,
        file::Weight::Points(0) => {
            let message = "0 changes nothing here; keepalived means `\"fault\"` by it";
            problems.push(&at.key("weight"), message);
            return None;
        }
        file::Weight::Points(points) => Weight::Points(points),
    };
    let (name, probe) = probe?;
    Some(Track {
        name: written.name.clone().unwrap_or(name),
        probe,
        interval,
        timeout,
        rise: written.rise,
        fall: written.fall,
        weight,
    })
}

/// How it is looked at, and a name for that.
fn probe(written: &file::Track, at: &Place, problems: &mut Problems) -> Option<(String, Probe)> {
    let file::Track {
        edge,
        http,
        tcp,
        script,
        interface,
        file,
        ..
    } = written;
    let given = [
        edge.is_some(),
        http.is_some(),
        tcp.is_some(),
        script.is_some(),
        interface.is_some(),
        file.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() != 1 {
        let kinds =
            "exactly one of `edge`, `http`, `tcp`, `script`, `interface` and `file` is tracked";
        problems.push(at, kinds);
        return None;
    }
    let name = |text: &str| text.to_owned();
    if let Some(text) = edge {
        let parsed: Result<SocketAddr, _> = text.parse();
        let parsed =
            parsed.map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:9180"));
        let address = problems.ok(&at.key("edge"), parsed)?;
        return Some((name("edge"), Probe::Edge(address)));
    }
    if let Some(text) = http {
        let url = problems.ok(&at.key("http"), text.parse())?;
        return Some((name(text), Probe::Http(url)));
    }
    if let Some(text) = tcp {
        let port = text
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            let message = format!("`{text}` is not an address such as 127.0.0.1:3306");
            problems.push(&at.key("tcp"), message);
            return None;
        }
        return Some((name(text), Probe::Tcp(text.clone())));
    }
    if let Some(words) = script {
        let command = problems.ok(&at.key("script"), Command::parse(words))?;
        return Some((command.to_string(), Probe::Script(command)));
    }
    if let Some(text) = interface {
        return Some((name(text), Probe::Interface(text.clone())));
    }
    let text = file.as_deref()?;
    let path = problems.ok(&at.key("file"), absolute(text))?;
    Some((name(text), Probe::File(path)))
}
