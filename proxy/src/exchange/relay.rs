//! Passing a response body on: straight, in chunks, or compressed.

use std::time::{Duration, Instant};

use edge_core::failure::Failure;
use edge_core::forward::write_chunk_size;
use edge_core::http::Piece;
use edge_core::reason::Reason;

use super::answer::{Answer, Sink, Source};
use super::attempt::{Waited, of_reading, wait};
use super::{After, Exchange};
use crate::buffer::CAPACITY;
use crate::client::Client;
use crate::worker::Worker;

/// Why a response was cut off.
enum Cut {
    /// The client has left, or takes nothing.
    Client,
    /// The server failed in the middle.
    Server(Failure),
}

/// Content up to this size is copied behind the head: cheaper than writing from two places.
const COPIED: usize = 4096;

impl Exchange<'_> {
    /// Sends the answer to the client.
    pub(super) async fn relay(&mut self, mut answer: Answer) -> After {
        let (index, started) = answer.server;
        let head = answer.terms.out.len() as u64;
        let sent_before = self.client.sent;
        self.record.status = answer.terms.status;
        let patience = self.route.timeouts.read;
        let result = answer.pass_on(self.worker, self.client, patience).await;
        self.record.body_sent = (self.client.sent - sent_before).saturating_sub(head);
        let now = Instant::now();
        let time = now - started;
        self.record.took(time);
        self.record.traffic(answer.connection.traffic);
        self.record.gzip = answer.terms.sink.totals();
        let upstream = &self.route.upstream;
        let Some(server) = upstream.servers.get(index) else {
            return After::Close;
        };
        server.requests.inc(answer.terms.status);
        server.seconds.observe(time.as_secs_f64());
        let Answer {
            terms,
            connection,
            buffer,
            ..
        } = answer;
        let after = match result {
            Ok(()) => {
                self.record.complete = true;
                // More than the response promised would be read as the start of the next one.
                if terms.reusable && buffer.filled().is_empty() {
                    let until = now + upstream.keepalive.1;
                    let pool = &self.worker.pool;
                    pool.keep(server.address, connection, upstream.keepalive.0, until);
                }
                terms.after
            }
            Err(Cut::Client) => {
                self.record.reason = Some(Reason::CLIENT_GONE);
                After::Close
            }
            Err(Cut::Server(failure)) => {
                self.record.reason = Some(Reason::CUT_OFF);
                upstream.failed(index, now);
                tracing::warn!(
                    client.addr = %self.client.address,
                    http.target = self.head.target,
                    upstream.name = %upstream.name,
                    server.addr = %server.label,
                    reason = failure.code(),
                    "the response was cut off: {}",
                    failure.explanation()
                );
                After::Close
            }
        };
        self.worker.buffers.put_read(buffer);
        self.worker.buffers.put_write(terms.out);
        after
    }
}

impl Answer {
    async fn pass_on(
        &mut self,
        worker: &Worker,
        client: &mut Client,
        patience: Duration,
    ) -> Result<(), Cut> {
        while !self.pass_on_buffered(client).await? {
            if self.read_more(worker, client, patience).await? == 0 {
                let Source::UntilClose = self.terms.source else {
                    return Err(Cut::Server(Failure::ClosedEarly));
                };
                self.terms.sink.finish(&mut self.terms.out);
                return self.write(client).await;
            }
        }
        Ok(())
    }

    /// Passes on what is in the buffer; whether the body is complete.
    async fn pass_on_buffered(&mut self, client: &mut Client) -> Result<bool, Cut> {
        if let (Source::Known(left), true) = (&mut self.terms.source, self.terms.sink.is_plain()) {
            let filled = self.buffer.filled();
            let count = usize::try_from(*left).map_or(filled.len(), |left| left.min(filled.len()));
            let content = filled.get(..count).unwrap_or_default();
            let sent = if content.len() <= COPIED {
                self.terms.out.extend_from_slice(content);
                client.write(&self.terms.out, &[]).await
            } else {
                client.write(&self.terms.out, content).await
            };
            sent.map_err(|_| Cut::Client)?;
            self.terms.out.clear();
            self.buffer.consume(count);
            *left -= count as u64;
            return Ok(*left == 0);
        }
        let ended = self.gather()?;
        if ended {
            self.terms.sink.finish(&mut self.terms.out);
        }
        self.write(client).await?;
        Ok(ended)
    }

    /// Appends the content of the buffer to the output; whether the body is complete.
    fn gather(&mut self) -> Result<bool, Cut> {
        let terms = &mut self.terms;
        loop {
            let filled = self.buffer.filled();
            let (skip, data) = match &mut terms.source {
                Source::Known(0) => return Ok(true),
                _ if filled.is_empty() => return Ok(false),
                Source::Known(left) => {
                    let data =
                        usize::try_from(*left).map_or(filled.len(), |left| left.min(filled.len()));
                    *left -= data as u64;
                    (0, data)
                }
                Source::UntilClose => (0, filled.len()),
                Source::Chunked(chunks) => match chunks.next(filled) {
                    Ok(Piece::Data { skip, data }) => (skip, data),
                    Ok(Piece::More) => (filled.len(), 0),
                    Ok(Piece::End(framing)) => {
                        self.buffer.consume(framing);
                        return Ok(true);
                    }
                    Err(_) => return Err(Cut::Server(Failure::InvalidHeader)),
                },
            };
            let content = filled.get(skip..skip + data).unwrap_or_default();
            terms.sink.push(&mut terms.out, content);
            self.buffer.consume(skip + data);
        }
    }

    /// Reads more of the body. Whatever a compressor holds back is sent before anything is waited
    /// for, so that a stream of events arrives event by event.
    async fn read_more(
        &mut self,
        worker: &Worker,
        client: &mut Client,
        patience: Duration,
    ) -> Result<usize, Cut> {
        if matches!(self.terms.source, Source::Known(left) if left > CAPACITY as u64) {
            let large = worker.buffers.large_buffer();
            worker
                .buffers
                .put_read(std::mem::replace(&mut self.buffer, large));
        }
        if self.terms.sink.is_dirty() {
            let read = crate::io::try_fill(&mut self.connection.stream, &mut self.buffer).await;
            if let Some(read) = read {
                self.connection.traffic.1 += *read.as_ref().unwrap_or(&0) as u64;
                return read.map_err(|error| Cut::Server(of_reading(&error)));
            }
            self.terms.sink.flush(&mut self.terms.out);
            self.write(client).await?;
        }
        let buffers = &worker.buffers;
        match wait(
            &mut self.connection,
            &mut self.buffer,
            client,
            buffers,
            patience,
        )
        .await
        {
            Waited::Read(Ok(count)) => Ok(count),
            Waited::Read(Err(error)) => Err(Cut::Server(of_reading(&error))),
            Waited::Gone => Err(Cut::Client),
        }
    }

    async fn write(&mut self, client: &mut Client) -> Result<(), Cut> {
        let result = client
            .write(&self.terms.out, &[])
            .await
            .map_err(|_| Cut::Client);
        self.terms.out.clear();
        result
    }
}

impl Sink {
    /// Whether bytes go on as they come.
    fn is_plain(&self) -> bool {
        !self.chunked && self.gzip.is_none()
    }

    /// Bytes that went into the compressor and came out of it.
    fn totals(&self) -> Option<(u64, u64)> {
        self.gzip.as_ref()?.totals()
    }

    fn is_dirty(&self) -> bool {
        self.gzip
            .as_ref()
            .is_some_and(crate::gzip::GzipStream::is_dirty)
    }

    /// Appends content to `out` in the form that the client gets.
    fn push(&mut self, out: &mut Vec<u8>, content: &[u8]) {
        if content.is_empty() {
            return;
        }
        match &mut self.gzip {
            None => chunk(out, self.chunked, content),
            Some(gzip) => {
                let mut compressed = Vec::new();
                gzip.push(&mut compressed, content);
                chunk(out, self.chunked, &compressed);
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some(gzip) = &mut self.gzip {
            let mut compressed = Vec::new();
            gzip.flush(&mut compressed);
            chunk(out, self.chunked, &compressed);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(gzip) = &mut self.gzip {
            let mut compressed = Vec::new();
            gzip.finish(&mut compressed);
            chunk(out, self.chunked, &compressed);
        }
        if self.chunked {
            out.extend_from_slice(b"0\r\n\r\n");
        }
    }
}

fn chunk(out: &mut Vec<u8>, chunked: bool, content: &[u8]) {
    if content.is_empty() {
        // An empty chunk would end the body.
        return;
    }
    if chunked {
        write_chunk_size(out, content.len());
    }
    out.extend_from_slice(content);
    if chunked {
        out.extend_from_slice(b"\r\n");
    }
}
