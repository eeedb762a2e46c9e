//! Who a client is, when a proxy in front of us has passed it or its request on.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Instant;

use edge_core::address::Peer;
use edge_core::config::ProxyProtocol;
use edge_core::forward::{Hop, is_forwarded};
use edge_core::http::RequestHead;
use edge_core::proxy_protocol::{self, Origin, Outcome};

use super::Client;
use super::request::Begun;
use crate::admission::Refused;
use crate::buffer::{Buffer, Buffers};
use crate::io;
use crate::timer::Patience;

/// Why it is not known who a client is.
#[derive(Debug)]
pub(crate) enum NoIntroduction {
    /// The connection ended, or has to, with nothing said.
    Ended,
    /// It is not served.
    Refused(Refused),
}

impl From<Refused> for NoIntroduction {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Client {
    /// Finds out who the client of this request is: the peer, or somebody for whom it speaks and
    /// may (nginx's realip module).
    pub(crate) fn identify(&mut self, head: &RequestHead<'_>) {
        let real_ip = self.terms.real_ip.as_ref();
        let own = self.own_scheme();
        self.scheme = real_ip.map_or(own, |real_ip| real_ip.scheme(self.peer, &head.headers, own));
        let client = real_ip.and_then(|real_ip| real_ip.client(self.peer, &head.headers));
        self.set_client(client);
    }

    /// Who passed this request on, for servers that are told by Forwarded. What a trusted proxy says
    /// there goes on, and the proxy is named; what it says in other words is said in these.
    pub(crate) fn hop(&self, head: &RequestHead<'_>) -> Hop {
        let real_ip = self.terms.real_ip.as_ref();
        let trusted = real_ip.is_some_and(|real_ip| real_ip.trusted.contains(self.peer));
        let continues = trusted && is_forwarded(head);
        let (node, scheme) = if continues {
            (self.peer, self.own_scheme())
        } else {
            (self.speaker(), self.scheme)
        };
        Hop {
            node,
            scheme,
            continues,
        }
    }

    /// The client of a request that cannot be read is the peer.
    pub(crate) fn identify_as_peer(&mut self) {
        self.set_client(None);
    }

    fn set_client(&mut self, client: Option<IpAddr>) {
        // On one connection it is nearly always the same.
        if client != self.speaks_for {
            self.speaks_for = client;
            self.address = client.map_or(self.peer, Peer::Ip).to_string();
        }
    }

    /// Waits for a PROXY protocol header, and takes its word for who the client is. `leave` ends
    /// the wait as long as nothing has arrived.
    pub(crate) async fn be_introduced(
        &mut self,
        by: &ProxyProtocol,
        buffers: &Buffers,
        mut leave: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), NoIntroduction> {
        if !by.from.contains(self.peer) {
            return Err(Refused::ProxyUntrusted.into());
        }
        let deadline = self.since + by.timeout;
        let mut patience = Patience::since(self.since, by.timeout);
        let begun = poll_fn(|cx| self.poll_begun(cx, buffers, leave.as_mut(), &mut patience));
        let mut buffer = match begun.await {
            Begun::Bytes(buffer) => buffer,
            Begun::Expired => return Err(Refused::ProxyTimeout.into()),
            Begun::Ended => return Err(NoIntroduction::Ended),
        };
        let origin = self.introduction(&mut buffer, deadline).await;
        // What follows the header is the beginning of a request.
        self.keep_ahead(buffer, buffers);
        match origin? {
            Origin::Sender => {}
            Origin::Unix => (self.peer, self.port) = (Peer::Unix, 0),
            Origin::Tcp(ends) => {
                let source = ends.source();
                (self.peer, self.port) = (source.into(), source.port());
                self.destination = Some(ends.destination());
            }
        }
        self.address = self.peer.to_string();
        Ok(())
    }

    /// Takes the header off `buffer`, which has room for the longest.
    async fn introduction(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
    ) -> Result<Origin, NoIntroduction> {
        loop {
            match proxy_protocol::parse(buffer.filled()) {
                Ok(Outcome::Complete { length, origin }) => {
                    buffer.consume(length);
                    return Ok(origin);
                }
                Ok(Outcome::Partial) => {}
                Err(error) => {
                    tracing::debug!(client.addr = %self.address, "{error}");
                    return Err(Refused::ProxyHeader.into());
                }
            }
            match io::fill(&mut self.stream, &mut self.timer, buffer, deadline).await {
                Ok(count) if count > 0 => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Err(Refused::ProxyTimeout.into());
                }
                Ok(_) | Err(_) => return Err(NoIntroduction::Ended),
            }
        }
    }
}
