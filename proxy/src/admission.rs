//! Which connections are served: limits of their number, in all and for each address.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use edge_core::address::Peer;
use edge_core::admission::Client;

use crate::buffer::lock;
use crate::edge::{Edge, Occupied};

/// Why a connection was closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are `max_connections`.
    Connections,
    /// Its address has `max_connections_per_address`.
    PerAddress,
    /// It comes to a listener with the PROXY protocol from somebody who may not speak for others.
    ProxyUntrusted,
    /// It does not begin with a PROXY protocol header.
    ProxyHeader,
    /// Its PROXY protocol header did not come in time.
    ProxyTimeout,
}

impl Refused {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Connections,
        Self::PerAddress,
        Self::ProxyUntrusted,
        Self::ProxyHeader,
        Self::ProxyTimeout,
    ];

    /// A stable word for the metric.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Connections => "max_connections",
            Self::PerAddress => "max_connections_per_address",
            Self::ProxyUntrusted => "proxy_protocol_untrusted",
            Self::ProxyHeader => "proxy_protocol_header",
            Self::ProxyTimeout => "proxy_protocol_timeout",
        }
    }
}

/// A connection's place among those of its address, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    edge: &'a Edge,
    client: Client,
}

impl<'a> Place<'a> {
    /// A place for `peer`, or none that has to be given back. Processes of this machine are not
    /// counted: they have no address.
    pub(crate) fn take(
        edge: &'a Edge,
        peer: Peer,
        limit: Option<NonZeroU32>,
    ) -> Result<Option<Self>, Refused> {
        let (Some(limit), Peer::Ip(address)) = (limit, peer) else {
            return Ok(None);
        };
        let client = Client::from(address);
        if lock(&edge.addresses).enter(client, limit) {
            Ok(Some(Self { edge, client }))
        } else {
            Err(Refused::PerAddress)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.edge.addresses).leave(self.client);
    }
}

/// Counts a connection for as long as it lives, by what it is doing.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    edge: &'a Edge,
    /// The counts of its listener.
    here: Arc<Occupied>,
    active: bool,
}

impl<'a> Counted<'a> {
    /// A connection that was just [opened](Edge::opened) at the listener with the counts `here`, and waits
    /// for its first request, unless there were `limit` already.
    pub(crate) fn new(
        edge: &'a Edge,
        here: Arc<Occupied>,
        before: usize,
        limit: Option<NonZeroUsize>,
    ) -> Result<Self, Refused> {
        edge.metrics.idle.inc();
        here.idle.fetch_add(1, Ordering::Relaxed);
        let counted = Self {
            edge,
            here,
            active: false,
        };
        if limit.is_some_and(|limit| before >= limit.get()) {
            return Err(Refused::Connections);
        }
        Ok(counted)
    }

    /// A request is under way.
    pub(crate) fn begin(&mut self) {
        self.edge.metrics.idle.dec();
        self.edge.metrics.active.inc();
        self.here.idle.fetch_sub(1, Ordering::Relaxed);
        self.here.active.fetch_add(1, Ordering::Relaxed);
        self.active = true;
    }

    /// It has ended.
    pub(crate) fn end(&mut self) {
        self.edge.metrics.active.dec();
        self.edge.metrics.idle.inc();
        self.here.active.fetch_sub(1, Ordering::Relaxed);
        self.here.idle.fetch_add(1, Ordering::Relaxed);
        self.active = false;
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.active {
            self.end();
        }
        if std::thread::panicking() {
            // The runtime stops the panic at this connection; the others go on.
            self.edge.metrics.panics.inc();
        }
        self.edge.metrics.idle.dec();
        self.here.idle.fetch_sub(1, Ordering::Relaxed);
        self.edge.closed();
    }
}
