//! What is remembered of a request for its log line and its metrics.

use std::time::{Duration, Instant};

use edge_core::access::{self, Entry};
use edge_core::http::RequestHead;

use crate::client::Client;
use crate::metrics::method_label;
use crate::snapshot::{AccessLog, Target};
use crate::upstream::Upstream;
use crate::worker::Worker;

/// What is remembered of a request.
#[derive(Debug)]
pub(crate) struct Record {
    /// The status sent, or 499.
    pub(super) status: u16,
    /// Why the edge answered by itself or cut the answer off; empty if it did not.
    pub(super) reason: &'static str,
    /// Bytes of head and body received.
    pub(super) request_length: u64,
    /// Bytes of body sent.
    pub(super) body_sent: u64,
    /// The servers asked, in order.
    pub(super) tries: Vec<Try>,
    since: Instant,
    sent_before: u64,
}

/// One server asked.
#[derive(Debug)]
pub(super) struct Try {
    server: usize,
    status: u16,
    connect: Option<Duration>,
    response: Option<Duration>,
}

impl Try {
    pub(super) fn new(server: usize) -> Self {
        Self {
            server,
            status: 0,
            connect: None,
            response: None,
        }
    }
}

impl Record {
    /// Of a request whose first byte came at `since`; `sent_before` is what its connection had sent
    /// by then.
    pub(super) fn new(since: Instant, head: usize, sent_before: u64) -> Self {
        Self {
            status: 0,
            reason: "",
            request_length: head as u64,
            body_sent: 0,
            tries: Vec::new(),
            since,
            sent_before,
        }
    }

    /// How long the last server took to accept a connection.
    pub(super) fn connected(&mut self, time: Duration) {
        if let Some(last) = self.tries.last_mut() {
            last.connect = Some(time);
        }
    }

    /// What the last server answered; 0 is nothing.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(last) = self.tries.last_mut() {
            last.status = status;
        }
    }

    /// How long the last server took in all.
    pub(super) fn took(&mut self, time: Duration) {
        if let Some(last) = self.tries.last_mut() {
            last.response = Some(time);
        }
    }

    /// Counts the request and writes its log line.
    pub(super) fn finish(
        &self,
        worker: &Worker,
        target: &Target,
        upstream: Option<&Upstream>,
        head: Option<&RequestHead<'_>>,
        client: &Client,
    ) {
        let elapsed = self.since.elapsed();
        let sent = client.sent - self.sent_before;
        let method = head.map_or("OTHER", |head| method_label(head.method));
        let metrics = &target.metrics;
        metrics.requests.inc((method, self.status));
        metrics.duration.observe(elapsed.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a histogram's sum is a float")]
        {
            metrics.request_size.observe(self.request_length as f64);
            metrics.response_size.observe(sent as f64);
        }
        if let Some(log) = &target.access_log {
            self.log(worker, log, upstream, head, (client, sent, elapsed));
        }
    }

    fn log(
        &self,
        worker: &Worker,
        log: &AccessLog,
        upstream: Option<&Upstream>,
        head: Option<&RequestHead<'_>>,
        (client, sent, elapsed): (&Client, u64, Duration),
    ) {
        let (second, unix_millis) = worker.clock.now();
        let entry = Entry {
            request: head,
            remote_addr: &client.address,
            scheme: "http",
            status: self.status,
            body_bytes_sent: self.body_sent,
            bytes_sent: sent,
            request_length: self.request_length,
            request_micros: micros(elapsed),
            upstream_addr: &self.addresses(upstream),
            upstream_status: &self.each(|one| match one.status {
                0 => "-".to_owned(),
                status => status.to_string(),
            }),
            upstream_connect_time: &self.each(|one| seconds(one.connect)),
            upstream_response_time: &self.each(|one| seconds(one.response)),
            reason: self.reason,
            time: (&second.local, &second.iso, unix_millis),
        };
        worker
            .log
            .add(&log.file, |out| log.format.render(out, &entry));
    }

    /// The addresses of the servers asked, joined by `, ` like nginx's.
    pub(super) fn addresses(&self, upstream: Option<&Upstream>) -> String {
        self.each(|one| {
            let server = upstream.and_then(|upstream| upstream.servers.get(one.server));
            server.map_or_else(String::new, |server| server.label.clone())
        })
    }

    fn each(&self, show: impl Fn(&Try) -> String) -> String {
        match self.tries.as_slice() {
            [] => String::new(),
            [one] => show(one),
            several => several.iter().map(show).collect::<Vec<_>>().join(", "),
        }
    }
}

fn seconds(time: Option<Duration>) -> String {
    let Some(time) = time else {
        return "-".to_owned();
    };
    let mut text = Vec::with_capacity(8);
    access::seconds(&mut text, micros(time));
    String::from_utf8(text).unwrap_or_default()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
