//! Passing a response on, with bounded memory whatever client and server do.
//!
//! Bytes are written to the client as they come. What it does not take at once waits in a
//! [`Spool`], unless the answer is a stream, so that the server is free as soon as it has answered;
//! a stream waits with its client. When the last byte has been read from the server the connection
//! goes back to the pool, before the client has it.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Instant;

use edge_core::failure::Failure;
use edge_core::reason::Reason;

use super::answer::{Answer, Engaged, Source};
use super::body::Body;
use super::sink::Sink;
use super::spool::Spool;
use super::wait::{Waited, of_reading, wait};
use super::{After, Exchange};
use crate::buffer::{Buffer, CAPACITY};
use crate::timer::Patience;

/// Why a response was cut off.
enum Cut {
    /// The client has left, or takes nothing.
    Client,
    /// The server failed in the middle.
    Server(Failure),
    /// The edge itself failed.
    Edge(io::Error),
}

/// What happened while a slow client was being waited for.
enum Event {
    /// It took something, or cannot.
    Wrote(io::Result<usize>),
    /// The server sent something, or ended.
    Read(io::Result<usize>),
}

/// The longest answer that is read over for the sake of its connection.
const MOST_READ_OVER: usize = 64 * 1024;

/// Content up to this size is copied behind the head: cheaper than writing from two places.
const COPIED: usize = 4096;

impl Exchange<'_> {
    /// Sends the answer to the client, and what is left of the request to the server.
    pub(super) async fn relay(&mut self, mut answer: Answer, body: &mut Body) -> After {
        let head = answer.terms.out.len() as u64;
        let sent_before = self.client.sent;
        let result = self.pass_on(&mut answer, body).await;
        self.record.body_sent = (self.client.sent - sent_before).saturating_sub(head);
        self.record.gzip = answer.terms.sink.totals();
        let after = match result {
            Ok(()) => {
                self.record.complete = true;
                answer.terms.after
            }
            Err(cut) => self.cut_off(&mut answer, &cut),
        };
        let Answer { terms, buffer, .. } = answer;
        self.worker.buffers.put_read(buffer);
        self.worker.buffers.put_write(terms.out);
        after
    }

    /// Reads over an answer that nobody gets, if it is short, so that the connection can be used again.
    pub(super) async fn read_over(&mut self, mut answer: Answer) {
        // Nothing of it is for the client.
        answer.terms.sink = Sink {
            chunked: false,
            trailers: false,
            compressed: None,
        };
        let mut left = MOST_READ_OVER;
        loop {
            answer.terms.out.clear();
            if self.gather(&mut answer).is_err() || answer.server.is_none() {
                break;
            }
            match left.checked_sub(answer.terms.out.len()) {
                Some(rest) => left = rest,
                None => break,
            }
            if !matches!(self.read_more(&mut answer, &mut Body::Empty).await, Ok(1..)) {
                break;
            }
        }
        if let Some(engaged) = answer.server.take() {
            self.count(&answer, &engaged, Instant::now());
        }
        let Answer { terms, buffer, .. } = answer;
        self.worker.buffers.put_read(buffer);
        self.worker.buffers.put_write(terms.out);
    }

    /// Ends a response that cannot be sent to its end; the client learns it from the connection.
    fn cut_off(&mut self, answer: &mut Answer, cut: &Cut) -> After {
        let engaged = answer.server.take();
        if let Some(engaged) = &engaged {
            self.count(answer, engaged, Instant::now());
        }
        match cut {
            Cut::Client => self.record.reason = Some(Reason::CLIENT_GONE),
            Cut::Edge(error) => {
                self.record.reason = Some(Reason::SPOOL_ERROR);
                tracing::error!(%error, "a response cannot be kept for a slow client");
            }
            Cut::Server(failure) => {
                self.record.reason = Some(Reason::CUT_OFF);
                let Some(Engaged { lent, .. }) = &engaged else {
                    return After::Close;
                };
                lent.failed(Instant::now(), self.fingerprint(*failure));
                tracing::warn!(
                    client.addr = %self.client.address,
                    http.target = self.head.target,
                    upstream.name = %self.proxy.upstream.name(),
                    server.addr = %lent.server.label,
                    reason = failure.code(),
                    "the response was cut off: {}",
                    failure.explanation()
                );
            }
        }
        After::Close
    }

    async fn pass_on(&mut self, answer: &mut Answer, body: &mut Body) -> Result<(), Cut> {
        loop {
            self.pass_on_buffered(answer).await?;
            if answer.server.is_none() {
                return Ok(());
            }
            if self.read_more(answer, body).await? == 0 {
                self.end_of_stream(answer)?;
                return self.write(answer, 0).await;
            }
        }
    }

    /// The server has closed the connection: the end of some bodies, and a failure for the others.
    fn end_of_stream(&mut self, answer: &mut Answer) -> Result<(), Cut> {
        let Source::UntilClose = answer.terms.source else {
            return Err(Cut::Server(Failure::ClosedEarly));
        };
        answer.finish();
        self.settle(answer);
        Ok(())
    }

    /// Passes on what is in the buffer.
    async fn pass_on_buffered(&mut self, answer: &mut Answer) -> Result<(), Cut> {
        let terms = &mut answer.terms;
        let (Source::Known(left), true) = (&mut terms.source, terms.sink.is_plain()) else {
            self.gather(answer)?;
            return self.write(answer, 0).await;
        };
        let filled = answer.buffer.filled();
        let mut count = usize::try_from(*left).map_or(filled.len(), |left| left.min(filled.len()));
        *left -= count as u64;
        let ended = *left == 0;
        if ended {
            answer.complete = filled.len() == count;
        }
        if count <= COPIED {
            let content = filled.get(..count).unwrap_or_default();
            terms.out.extend_from_slice(content);
            answer.buffer.consume(count);
            count = 0;
        }
        if ended {
            self.settle(answer);
        }
        self.write(answer, count).await
    }

    /// Moves the content of the buffer to the output.
    fn gather(&mut self, answer: &mut Answer) -> Result<(), Cut> {
        if answer.gather().map_err(Cut::Server)? {
            answer.finish();
            answer.complete = answer.buffer.filled().is_empty();
            self.settle(answer);
        }
        Ok(())
    }

    /// The server has answered to the end: it is free, whatever becomes of the client.
    fn settle(&mut self, answer: &mut Answer) {
        let Some(engaged) = answer.server.take() else {
            return;
        };
        let now = answer.heard.unwrap_or_else(Instant::now);
        self.count(answer, &engaged, now);
        // More than the response promised would be read as the start of the next one.
        let personal = self.proxy.upstream.transport.is_personal();
        if answer.terms.reusable && answer.complete && !personal {
            let keepalive = &self.proxy.upstream.config.keepalive;
            let Engaged { connection, lent } = engaged;
            let key = (self.proxy.upstream.transport.id, lent.server.id);
            let pool = &self.worker.pool;
            pool.keep(key, connection, keepalive, now);
        }
    }

    fn count(&mut self, answer: &Answer, engaged: &Engaged, now: Instant) {
        let time = now - answer.started;
        self.record.took(time);
        self.record.traffic(engaged.connection.traffic);
        let server = &engaged.lent.server;
        server.requests.inc(answer.terms.status);
        server.seconds.observe(time.as_secs_f64());
    }

    /// Reads more of the body. Whatever a compressor holds back is sent before anything is waited
    /// for, so that a stream of events arrives event by event.
    async fn read_more(&mut self, answer: &mut Answer, body: &mut Body) -> Result<usize, Cut> {
        answer.heard = None;
        if matches!(answer.terms.source, Source::Known(left) if left > CAPACITY as u64) {
            self.enlarge(&mut answer.buffer);
        }
        let Some(engaged) = &mut answer.server else {
            return Ok(0);
        };
        if answer.terms.sink.is_dirty() {
            let stream = &mut engaged.connection.stream;
            let read = crate::io::try_fill(stream, &mut answer.buffer).await;
            if let Some(read) = read {
                engaged.connection.traffic.1 += *read.as_ref().unwrap_or(&0) as u64;
                return read.map_err(|error| Cut::Server(of_reading(&error)));
            }
            answer.terms.sink.flush(&mut answer.terms.out);
            self.write(answer, 0).await?;
        }
        let Some(Engaged { connection, .. }) = &mut answer.server else {
            return Ok(0);
        };
        let (buffer, buffers) = (&mut answer.buffer, &self.worker.buffers);
        let patience = self.proxy.terms.read_timeout;
        let ignore = self.proxy.terms.ignore_client_abort;
        let client = (!ignore).then_some(&mut *self.client);
        match wait(connection, buffer, client, buffers, patience, body.rest()).await {
            Waited::Read(Ok(count)) => Ok(count),
            Waited::Read(Err(error)) => Err(Cut::Server(of_reading(&error))),
            Waited::Gone => Err(Cut::Client),
        }
    }

    /// Fewer, larger system calls for a body that is long.
    fn enlarge(&self, buffer: &mut Buffer) {
        let buffers = &self.worker.buffers;
        buffers.put_read(std::mem::replace(buffer, buffers.large_buffer()));
    }

    /// Writes the output and then the first `direct` bytes of the buffer.
    async fn write(&mut self, answer: &mut Answer, direct: usize) -> Result<(), Cut> {
        let out = &answer.terms.out;
        let content = answer.buffer.filled().get(..direct).unwrap_or_default();
        let most_in_file = answer.terms.spool.filter(|_| answer.server.is_some());
        let Some(most_in_file) = most_in_file else {
            let written = self.client.write(out, content).await;
            answer.terms.out.clear();
            answer.buffer.consume(direct);
            return written.map_err(|_| Cut::Client);
        };
        let written = self.client.try_write(out, content).await;
        let written = written.map_err(|_| Cut::Client)?;
        let mut spool = Spool::new(most_in_file);
        if written < out.len() + content.len() {
            let of_out = written.min(out.len());
            for rest in [out.get(of_out..), content.get(written - of_out..)] {
                spool.push(rest.unwrap_or_default()).map_err(Cut::Edge)?;
            }
        }
        answer.terms.out.clear();
        answer.buffer.consume(direct);
        self.drain(answer, spool).await
    }

    /// Sends what waits, and lets the server go on meanwhile.
    async fn drain(&mut self, answer: &mut Answer, mut spool: Spool) -> Result<(), Cut> {
        let mut patience = self.client.patience();
        while !spool.is_empty() {
            if answer.server.is_none() {
                // Nothing more is read, so only what waits takes memory.
                let buffer = std::mem::take(&mut answer.buffer);
                self.worker.buffers.put_read(buffer);
                answer.terms.out = Vec::new();
            }
            match self.next_event(answer, &spool, &mut patience).await {
                Event::Wrote(Ok(count)) => {
                    spool.consume(count).map_err(Cut::Edge)?;
                    patience = self.client.patience();
                }
                Event::Wrote(Err(_)) => return Err(Cut::Client),
                Event::Read(Err(error)) => return Err(Cut::Server(of_reading(&error))),
                Event::Read(Ok(0)) => self.end_of_stream(answer)?,
                Event::Read(Ok(_)) => self.gather(answer)?,
            }
            spool.push(&answer.terms.out).map_err(Cut::Edge)?;
            answer.terms.out.clear();
        }
        Ok(())
    }

    async fn next_event(
        &mut self,
        answer: &mut Answer,
        spool: &Spool,
        patience: &mut Patience,
    ) -> Event {
        poll_fn(|cx| {
            if let Poll::Ready(result) = self.client.poll_write(cx, spool.front(), patience) {
                return Poll::Ready(Event::Wrote(result));
            }
            let Some(engaged) = answer.server.as_mut().filter(|_| spool.has_room()) else {
                return Poll::Pending;
            };
            let connection = &mut engaged.connection;
            let read = answer.buffer.poll_fill(&mut connection.stream, cx);
            answer.heard = None;
            if let Poll::Ready(Ok(count)) = &read {
                connection.traffic.1 += *count as u64;
            }
            read.map(Event::Read)
        })
        .await
    }
}
