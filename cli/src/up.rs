//! `hifate up`: a node on this machine, for as long as this process lives.
//!
//! The programs run as children. They stop when this process tells them to, and also when it dies
//! without a word: each holds the other end of its standard input and stops when that ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use daemon::lifecycle::Signals;
use http::StatusCode;
use thiserror::Error;
use tokio::time::sleep;

use crate::cli::Up;
use crate::node::{Node, Part};
use crate::probe;

mod certificate;
mod child;

use certificate::Files;
use child::{Child, say};

/// Why a node did not start, or did not go on.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{}", .0.join("\n        "))]
    Taken(Vec<String>),
    #[error("there is no home directory; say where to keep data with --data-dir")]
    Homeless,
    #[error("{} cannot be written: {source}", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("{} cannot be started: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("{name} ended by itself: {how}")]
    Ended { name: &'static str, how: String },
    #[error("{name} is not ready after {} s", READY_WITHIN.as_secs())]
    NotReady { name: &'static str },
    #[error(transparent)]
    Certificate(#[from] certificate::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    fn data(path: &Path, source: io::Error) -> Self {
        Self::Data {
            path: path.to_owned(),
            source,
        }
    }
}

/// Runs a node until it is told to stop or a part of it ends.
pub(crate) async fn run(up: &Up) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let node = up.ports.node();
    let taken = node.taken();
    if !taken.is_empty() {
        return Err(Error::Taken(
            taken.iter().map(ToString::to_string).collect(),
        ));
    }
    let data = data_dir(up)?;
    let config = |given: &Option<PathBuf>, name, text| {
        config(
            given.as_deref(),
            &data.join(name),
            &settled(text, &node, &data),
        )
    };
    let backend = config(&up.backend_config, "backend.toml", BACKEND)?;
    let edge = config(&up.edge_config, "edge.toml", EDGE)?;
    let certificate = Files::of(&data);
    certificate.renew(node.address(Part::EdgeHttps).ip())?;

    let mut children = Vec::new();
    let ended = async {
        let serve = ["serve", "all", "--config", &backend];
        children.push(Child::start("backend", &serve, &node, &data)?);
        ready(
            &mut children,
            node.address(Part::Web),
            "/api/v1/health/ready",
        )
        .await?;
        let run = ["run", "--config", &edge];
        children.push(Child::start("edge", &run, &node, &data)?);
        ready(&mut children, node.address(Part::EdgeAdmin), "/ready").await?;
        say(&welcome(&node, certificate.cert()));
        Err(first_to_end(&mut children).await?)
    };
    let ended = tokio::select! {
        ended = ended => ended,
        ended = keep_valid(&certificate, &node) => ended,
        _ = signals.stop() => {
            say("stopping");
            Ok(())
        }
    };
    child::stop(children).await?;
    ended
}

/// Waits until the youngest of the children answers, unless one ends before that.
async fn ready(
    children: &mut [Child],
    address: std::net::SocketAddr,
    path: &str,
) -> Result<(), Error> {
    let began = Instant::now();
    let name = children.last().map_or("", Child::name);
    say(&format!("{name}: starting"));
    let answers = async {
        while began.elapsed() < READY_WITHIN {
            if probe::get(address, path)
                .await
                .is_ok_and(|(status, _)| status == StatusCode::OK)
            {
                say(&format!(
                    "{name}: ready after {} ms",
                    began.elapsed().as_millis()
                ));
                return Ok(());
            }
            sleep(POLL).await;
        }
        Err(Error::NotReady { name })
    };
    tokio::select! {
        answered = answers => answered,
        ended = first_to_end(children) => Err(ended?),
    }
}

/// Waits for a child to end, and tells which did and how.
async fn first_to_end(children: &mut [Child]) -> io::Result<Error> {
    loop {
        for child in &mut *children {
            if let Some(how) = child.ended()? {
                return Ok(Error::Ended {
                    name: child.name(),
                    how,
                });
            }
        }
        sleep(POLL).await;
    }
}

fn data_dir(up: &Up) -> Result<PathBuf, Error> {
    let state = || {
        let given = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state = given.or_else(|| env::home_dir().map(|home| home.join(".local/state")));
        state.map(|state| state.join("hifate"))
    };
    let path = up.data_dir.clone().or_else(state).ok_or(Error::Homeless)?;
    fs::create_dir_all(&path).map_err(|source| Error::data(&path, source))?;
    Ok(path)
}

/// The configuration to use: the one given, or the built-in one, written where it can be read.
fn config(given: Option<&Path>, own: &Path, text: &str) -> Result<String, Error> {
    if given.is_none() {
        fs::write(own, text).map_err(|source| Error::data(own, source))?;
    }
    Ok(given.unwrap_or(own).to_string_lossy().into_owned())
}

/// A built-in configuration with what its variables stand for, so that whoever reads the file without them
/// (`hifate-edge status --config`) finds the same node.
fn settled(text: &str, node: &Node, data: &Path) -> String {
    // What JSON escapes, TOML escapes alike; and the data may be in a folder that looks like a variable.
    let data = serde_json::Value::from(data.to_string_lossy()).to_string();
    let inner = data
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let data = inner.unwrap_or_default().replace("${", "$${");
    let addresses = node
        .iter()
        .map(|(part, at)| (part.variable(), at.to_string()));
    let values = addresses.chain([("HIFATE_DATA".to_owned(), data)]);
    values.fold(text.to_owned(), |text, (name, value)| {
        let variable = format!("${{{name}:-");
        let mut pieces = text.split(&variable);
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |before, piece| {
            let after = piece.split_once('}').map_or("", |(_, after)| after);
            before + &value + after
        })
    })
}

/// Makes another certificate before the last one ends, for as long as the node lives.
async fn keep_valid(certificate: &Files, node: &Node) -> Result<(), Error> {
    loop {
        sleep(A_DAY).await;
        if certificate.renew(node.address(Part::EdgeHttps).ip())? {
            say("edge: has another certificate");
        }
    }
}

fn welcome(node: &Node, certificate: &Path) -> String {
    let (edge, admin) = (node.address(Part::EdgeHttp), node.address(Part::EdgeAdmin));
    let (https, certificate) = (node.address(Part::EdgeHttps), certificate.display());
    let (web, core) = (node.address(Part::Web), node.address(Part::BaziCore));
    let last = node.address(Part::FortuneRule);
    format!(
        "
  the node is up; Ctrl-C stops it

  edge     http://{edge}
           https://{https} (curl --cacert {certificate})
  docs     http://{edge}/docs
  admin    http://{admin}
  metrics  http://{admin}/metrics (edge), http://{web}/metrics (backend)
  web      http://{web}
  gRPC     {core} to {last}

  try it   curl -s {edge}/api/v1/bazi/calculate -H 'content-type: application/json' \\
             -d '{{\"solar_date\":\"1990-06-15\",\"solar_time\":\"12:30\",\"gender\":\"male\"}}'
"
    )
}

const BACKEND: &str = include_str!("../../conf/dev/backend.toml");
const EDGE: &str = include_str!("../../conf/dev/edge.toml");

/// How long a program may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How often the certificate is looked at.
const A_DAY: Duration = Duration::from_hours(24);

/// How often a program is asked whether it is, and whether it still lives.
const POLL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_configurations_need_no_variables() {
        let node = Node::new(Some(20000), |_| None);
        let edge = settled(EDGE, &node, Path::new("/a \"b\""));
        let backend = settled(BACKEND, &node, Path::new("/a"));
        assert!(
            !edge.contains("${") && !backend.contains("${"),
            "{edge}{backend}"
        );
        for expected in [
            "listen = \"127.0.0.1:20180\"",
            "address = \"127.0.0.1:20080\"",
            "address = \"127.0.0.1:20443\"",
            "address = \"127.0.0.1:20001\"",
            r#"cert = "/a \"b\"/edge.pem""#,
        ] {
            assert!(edge.contains(expected), "{expected} is not in\n{edge}");
        }
        assert!(backend.contains("path = \"/a/hifate.db\""), "{backend}");
    }
}
