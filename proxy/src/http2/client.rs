//! Servers that speak HTTP/2: a worker's connections to them, shared by its requests.

mod connection;
mod pulse;
mod stream;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use edge_core::config::IdleConnections;
use edge_core::failure::Failure;
use tokio::sync::watch;
use tokio::time::timeout;

use self::connection::Connection;
pub(crate) use self::connection::{Link, alone};
use crate::buffer::lock;
use crate::pool::Key;
use crate::stream::Stream;
use crate::transport::Transport;
use crate::upstream::Server;

/// A worker's connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    to: Mutex<HashMap<Key, Group>>,
}

/// The connections to one server.
#[derive(Debug, Default)]
struct Group {
    open: Vec<Connection>,
    /// While one is being opened: ends with the reason if that fails. Requests that come meanwhile
    /// wait for it instead of opening one each.
    opening: Option<watch::Receiver<Option<Failure>>>,
    /// The most that stay while they are idle, and for how long.
    most_idle: usize,
    idle_timeout: Duration,
}

/// A stream, and its connection if other requests have used that before.
pub(crate) type Lane = (Stream, Option<Arc<Link>>);

/// What a request does for a stream.
enum Turn {
    Take(Lane),
    Wait(watch::Receiver<Option<Failure>>),
    Open(watch::Sender<Option<Failure>>),
}

impl Connections {
    /// A stream to a server: on a connection that has room for it, or on a new one; the patience is
    /// with all that it takes.
    pub(crate) async fn stream(
        &self,
        transport: &Transport,
        server: &Server,
        patience: Duration,
        keepalive: &IdleConnections,
    ) -> Result<Lane, Failure> {
        let finding = self.find(transport, server, patience, keepalive);
        let found = timeout(patience, finding).await;
        found.unwrap_or(Err(Failure::ConnectTimeout))
    }

    async fn find(
        &self,
        transport: &Transport,
        server: &Server,
        patience: Duration,
        keepalive: &IdleConnections,
    ) -> Result<Lane, Failure> {
        let key = (transport.id, server.id);
        loop {
            match self.turn(key, keepalive) {
                Turn::Take(lane) => return Ok(lane),
                Turn::Wait(mut opening) => {
                    if opening.changed().await.is_ok()
                        && let Some(failure) = *opening.borrow()
                    {
                        return Err(failure);
                    }
                }
                Turn::Open(opening) => {
                    match Connection::open(transport, &server.address, patience, keepalive).await {
                        Ok(connection) => return Ok(self.insert(key, connection)),
                        Err(failure) => {
                            self.group(key, |group| group.opening = None);
                            opening.send_replace(Some(failure));
                            return Err(failure);
                        }
                    }
                }
            }
        }
    }

    fn turn(&self, key: Key, keepalive: &IdleConnections) -> Turn {
        self.group(key, |group| {
            group.most_idle = keepalive.most;
            group.idle_timeout = keepalive.timeout;
            let most = keepalive.requests.map_or(u32::MAX, std::num::NonZero::get);
            group
                .open
                .retain_mut(|connection| connection.requests() < most && connection.is_alive());
            if let Some(connection) = group.open.iter_mut().find(|one| one.has_room()) {
                return Turn::Take(connection.stream());
            }
            match &group.opening {
                // One whose request was given up is not opened by anybody.
                Some(opening) if opening.has_changed().is_ok() => Turn::Wait(opening.clone()),
                _ => {
                    let (sender, receiver) = watch::channel(None);
                    group.opening = Some(receiver);
                    Turn::Open(sender)
                }
            }
        })
    }

    fn insert(&self, key: Key, mut connection: Connection) -> Lane {
        let lane = connection.stream();
        self.group(key, |group| {
            group.opening = None;
            group.open.push(connection);
        });
        lane
    }

    fn group<T>(&self, key: Key, with: impl FnOnce(&mut Group) -> T) -> T {
        with(lock(&self.to).entry(key).or_default())
    }

    /// Closes connections that have been idle for too long, are too many, or are by transports that are not
    /// `current` any more: those without streams at once, the others when their last has ended.
    pub(crate) fn sweep(&self, now: Instant, current: &BTreeSet<u64>) {
        lock(&self.to).retain(|(transport, _), group| {
            let mut idle = 0;
            let most = if current.contains(transport) {
                group.most_idle
            } else {
                0
            };
            let longest = group.idle_timeout;
            group.open.retain_mut(|connection| {
                let since = connection.look(now);
                idle += usize::from(since.is_some());
                let stays = since.is_none_or(|since| now < since + longest && idle <= most);
                stays && connection.is_alive()
            });
            let is_opening = |opening: &watch::Receiver<_>| opening.has_changed().is_ok();
            !group.open.is_empty() || group.opening.as_ref().is_some_and(is_opening)
        });
    }
}
