//! Passing on that a server switches protocols (RFC 9110 §7.8): what is offered to it, what it may
//! answer, and what is left of the exchange then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_core::failure::Failure;
use edge_core::http::{BodyLength, Method, ResponseHead, Upgrade, websocket_accept};
use edge_core::reason::Reason;

use super::answer::{Answer, Engaged};
use super::attempt::{Attempt, Error};
use super::body::Sent;
use super::{After, Ended, Exchange};
use crate::buffer::Buffer;
use crate::client::Client;
use crate::upstream::Upstream;

/// An exchange whose server has switched protocols, and whose client knows it.
#[derive(Debug)]
pub(super) struct Switched {
    pub(super) server: Engaged,
    /// When it was asked.
    pub(super) asked: Instant,
    /// The site and the route of the request, by their indices.
    pub(super) of: (usize, usize),
    pub(super) upstream: Arc<Upstream>,
    /// What the client has sent in advance.
    pub(super) early: Option<Buffer>,
    /// How long both sides may be silent, and how long one may when the other has ended.
    pub(super) longest: (Duration, Duration),
    /// How long the server may take nothing.
    pub(super) send_timeout: Duration,
}

/// Whether the client takes no answer but that the protocols are switched: an extended CONNECT
/// (RFC 8441) that succeeds has no other meaning. In HTTP/2 nothing else can ask for a switch.
pub(super) fn must_switch(client: &Client, upgrade: &Upgrade<'_>) -> bool {
    client.http2 && !upgrade.is_empty()
}

impl Attempt<'_> {
    /// What the server may switch to. HTTP/2 knows WebSocket only, as a GET without a body.
    pub(super) fn offer(&self) -> Upgrade<'_> {
        let upgrade = &self.head.upgrade;
        if !self.proxy.upstream.transport.http2 {
            return upgrade.clone();
        }
        if self.head.method == Method::Get && self.head.body == BodyLength::Empty {
            return upgrade.websocket();
        }
        Upgrade::default()
    }

    /// Reads the head of an answer to a request that was `whole` and `sent`. Nothing but what was
    /// offered may be switched to, and not before all that is HTTP has been sent.
    pub(super) fn read_head<'b>(
        &self,
        bytes: &'b [u8],
        client: &Client,
        (whole, sent): (bool, Sent),
    ) -> Result<ResponseHead<'b>, Error> {
        let head = ResponseHead::parse_or_switch(bytes, self.head.method == Method::Head)
            .map_err(|_| Error::sent(Failure::InvalidHeader))?;
        if head.status == 101 {
            let in_order = whole && sent == Sent::All;
            if !in_order || !self.offer().allows(&head) || !self.is_understood(&head, client) {
                return Err(Error::sent(Failure::BadUpgrade));
            }
        }
        Ok(head)
    }

    /// Whether an answer with this status, which is about to go to the client, would tell it that there
    /// is a tunnel where there is none.
    pub(super) fn misleads(&self, status: u16, client: &Client) -> bool {
        must_switch(client, &self.head.upgrade) && (200..300).contains(&status)
    }

    /// Whether the server has understood a key of our own; a client that made the key sees for itself
    /// (RFC 6455 §4.1).
    fn is_understood(&self, head: &ResponseHead<'_>, client: &Client) -> bool {
        if !client.http2 {
            return true;
        }
        let key = self.head.header("sec-websocket-key").unwrap_or_default();
        let accept = websocket_accept(key.as_bytes());
        let mut lines = head.headers.iter();
        lines.any(|line| {
            line.raw_name.eq_ignore_ascii_case("sec-websocket-accept")
                && line.value == accept.as_bytes()
        })
    }
}

impl Exchange<'_> {
    /// Tells the client; what it has sent behind its request, of which the `rest` came with the head,
    /// is for the new protocol.
    pub(super) async fn switch(&mut self, answer: Answer, rest: &[u8]) -> Ended {
        let Answer {
            terms,
            server,
            buffer,
            started,
            ..
        } = answer;
        let Some(server) = server else {
            return Ended::Answered(After::Close);
        };
        let time = started.elapsed();
        server.lent.server.requests.inc(terms.status);
        server.lent.server.seconds.observe(time.as_secs_f64());
        self.record.switched();
        let told = self.client.write(&terms.out, buffer.filled()).await;
        self.record.body_sent = buffer.filled().len() as u64;
        let buffers = &self.worker.buffers;
        buffers.put_read(buffer);
        buffers.put_write(terms.out);
        if told.is_err() {
            self.record.reason = Some(Reason::CLIENT_GONE);
            self.record.took(time);
            return Ended::Answered(After::Close);
        }
        let terms = &self.proxy.terms;
        Ended::Switched(Box::new(Switched {
            server,
            asked: started,
            of: (self.site.index, self.route.index),
            upstream: Arc::clone(&self.proxy.upstream),
            early: self.early(rest),
            longest: (terms.tunnel_timeout, terms.read_timeout),
            send_timeout: terms.send_timeout,
        }))
    }

    fn early(&mut self, rest: &[u8]) -> Option<Buffer> {
        let ahead = self.client.take_ahead();
        if rest.is_empty() {
            return ahead;
        }
        let buffers = &self.worker.buffers;
        let mut early = buffers.read_buffer();
        early.append(rest);
        if let Some(ahead) = ahead {
            early.append(ahead.filled());
            buffers.put_read(ahead);
        }
        Some(early)
    }
}
