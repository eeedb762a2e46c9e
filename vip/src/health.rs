//! Looking at what a node needs, again and again.

mod edge;
mod request;
mod script;

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::{Probe, Track};
use crate::net::{Changes, Kernel};
pub(crate) use request::get;
pub(crate) use script::run as run_command;

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is up.
    Good,
    /// It is not, or has not said so in time.
    Bad,
    /// It has ended: no second look is needed.
    Gone,
}

impl From<bool> for Look {
    fn from(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}

/// What there is to look at with.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) kernel: Kernel,
    pub(crate) changes: Changes,
}

/// Looks at `track` until nobody listens any more.
pub(crate) async fn watch(track: Track, mut means: Means, tell: impl AsyncFn(Look) -> bool) {
    if let Probe::Edge(address) = track.probe {
        return edge::watch(address, &track, tell).await;
    }
    loop {
        let begun = Instant::now();
        let look = timeout(track.timeout, look(&track.probe, &means)).await;
        if !tell(look.unwrap_or(Look::Bad)).await {
            return;
        }
        let next = begun + track.interval;
        if let Probe::Interface(_) = track.probe {
            tokio::select! {
                () = sleep_until(next) => {}
                () = means.changes.next(false) => {}
            }
        } else {
            sleep_until(next).await;
        }
    }
}

/// Looks once. What takes too long is dropped, and a program that is run with it.
async fn look(probe: &Probe, means: &Means) -> Look {
    match probe {
        // Its own loop looks at it.
        Probe::Edge(_) => Look::Bad,
        Probe::Http(url) => get(url).await.is_ok().into(),
        Probe::Tcp(address) => TcpStream::connect(address).await.is_ok().into(),
        Probe::Script(command) => script::succeeds(command).await.into(),
        Probe::Interface(name) => {
            let facts = means.kernel.look(name).await;
            facts.is_some_and(|facts| facts.is_up).into()
        }
        Probe::File(path) => says_yes(path).await.into(),
    }
}

/// Whether a file is there and does not say 0.
async fn says_yes(path: &Path) -> bool {
    let text = tokio::fs::read_to_string(path).await;
    text.is_ok_and(|text| text.trim() != "0")
}

/// The shortest time between two attempts to reach what has ended.
const AGAIN: Duration = Duration::from_millis(10);
