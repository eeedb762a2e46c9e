//! What is remembered of a request for its log line and its metrics.

mod edit;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use edge_core::expression::Captures;
use edge_core::failure::Failure;
use edge_core::headers::Own;
use edge_core::http::{Headers, RequestHead};
use edge_core::reason::Reason;
use edge_core::template::{self, Needs, Template, Times, Try, Values};
use edge_core::trace::{self, Drawn, Id, Trace};
use smallvec::SmallVec;

use crate::client::Client;
use crate::clock::Second;
use crate::metrics::method_label;
use crate::snapshot::{AccessLog, LogPlace, Snapshot, Target};
use crate::spans::{self, Finished, Spans};
use crate::upstream::{Asked, Server, Upstream};
use crate::worker::Worker;

/// What is remembered of a request.
#[derive(Debug)]
pub(crate) struct Record {
    /// The status sent, or 499.
    pub(super) status: u16,
    /// Why the edge answered by itself or cut the answer off.
    pub(super) reason: Option<Reason>,
    /// What rate limits made of it, in nginx's words; empty before they are asked.
    pub(super) limit_status: &'static str,
    /// Whether the whole answer was sent.
    pub(super) complete: bool,
    /// Bytes of head and body received.
    pub(super) request_length: u64,
    /// Bytes of body sent.
    pub(super) body_sent: u64,
    /// Bytes that went into the compressor and came out of it.
    pub(super) gzip: Option<(u64, u64)>,
    /// How long it took until the protocols were switched, if they were.
    switched: Option<Duration>,
    /// The servers asked, in order; nearly always one.
    asked: SmallVec<[Asked; 1]>,
    /// What no other request has.
    pub(super) request_id: Id<32>,
    /// The trace it belongs to.
    pub(super) trace: Trace,
    /// What the log and the other texts want to know.
    pub(super) needs: Needs,
    /// What the groups of the route's expression found, if any text wants that.
    pub(super) path_groups: Option<Captures>,
    /// What those of the site's name found.
    pub(super) host_groups: Option<Captures>,
    /// Where its spans go, if it is recorded.
    spans: Option<Arc<Spans>>,
    since: Instant,
    sent_before: u64,
    /// The head sent to the client, if the log wants any of it.
    sent_head: Vec<u8>,
    /// The head of the last server's answer, if the log wants any of it.
    upstream_head: Vec<u8>,
    /// The length of that head.
    upstream_head_length: u64,
    /// What pages of other sites are told in the answer.
    pub(super) cors: Own,
    /// Header lines that servers are sent besides.
    pub(super) passed_on: Vec<(String, Vec<u8>)>,
    /// Header lines that the answer has besides, whoever makes it.
    lines: Vec<(&'static str, String)>,
}

/// What a request turned out to be, for who counts and logs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Whose it is.
    pub(super) target: &'a Target,
    /// Who was to answer.
    pub(super) upstream: Option<&'a Upstream>,
    /// The head, unless it was rejected.
    pub(super) head: Option<&'a RequestHead<'a>>,
    /// The request line as it came, if any did.
    pub(super) line: Option<&'a [u8]>,
}

impl<'a> Subject<'a> {
    /// A request that is nobody's yet but its route's.
    pub(super) fn of(target: &'a Target, head: &'a RequestHead<'a>) -> Self {
        Self {
            target,
            upstream: None,
            head: Some(head),
            line: Some(head.line.as_bytes()),
        }
    }
}

impl Record {
    /// Of a request with a head of so many bytes whose first byte came at `since`; `sent_before` is
    /// what its connection had sent by then. It joins the trace that `headers` name, or begins one.
    pub(super) fn new(
        (since, sent_before): (Instant, u64),
        head: usize,
        headers: &Headers<'_>,
        snapshot: &Snapshot,
    ) -> Self {
        let sample = snapshot.config.tracing.sample;
        let drawn = Drawn {
            trace: fastrand::u128(..),
            span: fastrand::u64(..),
            sampled: sample >= 1.0 || fastrand::f64() < sample,
        };
        let trace = Trace::of(headers, drawn);
        let spans = snapshot.spans.as_ref().filter(|_| trace.sampled);
        Self {
            status: 0,
            reason: None,
            limit_status: "",
            complete: false,
            request_length: head as u64,
            body_sent: 0,
            gzip: None,
            switched: None,
            asked: SmallVec::new(),
            request_id: trace::request_id(fastrand::u128(..)),
            trace,
            needs: Needs::default(),
            path_groups: None,
            host_groups: None,
            spans: spans.map(Arc::clone),
            since,
            sent_before,
            sent_head: Vec::new(),
            upstream_head: Vec::new(),
            upstream_head_length: 0,
            cors: Own::default(),
            passed_on: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Of a request that the edge makes itself on behalf of this one, in the same trace. The head of the
    /// answer to it is kept.
    pub(super) fn beside(&self, snapshot: &Snapshot, client: &Client) -> Self {
        Self {
            trace: self.trace,
            request_id: self.request_id,
            needs: Needs {
                upstream_head: true,
                ..Needs::default()
            },
            spans: None,
            ..Self::new(
                (Instant::now(), client.sent),
                0,
                &Headers::default(),
                snapshot,
            )
        }
    }

    /// The head of the last server's answer, where something needs it.
    pub(super) fn upstream_head(&self) -> &[u8] {
        &self.upstream_head
    }

    /// The answer has this header line, whoever makes it.
    pub(super) fn say(&mut self, name: &'static str, value: String) {
        self.lines.push((name, value));
    }

    /// nginx's 499: the client closed the connection before it was answered.
    pub(super) fn gone(&mut self) {
        self.status = 499;
        self.reason = Some(Reason::CLIENT_GONE);
    }

    /// The protocols are switched: what comes now says nothing of how fast the server is.
    pub(super) fn switched(&mut self) {
        self.switched = Some(self.since.elapsed());
    }

    /// Another server is asked.
    pub(super) fn ask(&mut self, server: Arc<Server>, started: Instant) {
        let spans = self.spans.as_ref();
        let span = spans.map(|_| trace::span_id(fastrand::u64(..)));
        self.asked.push(Asked::new(server, started, span));
    }

    /// The span that the last server asked has as its parent.
    pub(super) fn span(&self) -> &Id<16> {
        let last = self.asked.last().and_then(|last| last.span.as_ref());
        last.unwrap_or(&self.trace.span_id)
    }

    /// The last server failed, or the client left before it answered.
    pub(super) fn failed(&mut self, failure: Option<Failure>) {
        // nginx logs the status that the failure stands for.
        self.answered(failure.map_or(0, Failure::status));
        if let Some(last) = self.asked.last_mut() {
            last.failure = failure;
        }
    }

    /// How long the last server took to accept a connection.
    pub(super) fn connected(&mut self, time: Duration) {
        if let Some(last) = self.asked.last_mut() {
            last.tried.connect = Some(time);
        }
    }

    /// Notes the head of the last server's answer, as far as the log wants it.
    pub(super) fn headed(&mut self, head: &[u8], started: Instant) {
        self.upstream_head_length = head.len() as u64;
        if self.needs.upstream_head {
            self.upstream_head.clear();
            self.upstream_head.extend_from_slice(head);
        }
        if self.needs.header_time
            && let Some(last) = self.asked.last_mut()
        {
            last.tried.header = Some(started.elapsed());
        }
    }

    /// Notes the head that the client is sent, if the log wants any of it.
    pub(super) fn answering(&mut self, head: &[u8]) {
        if self.needs.sent_head {
            self.sent_head.extend_from_slice(head);
        }
    }

    /// What the last server answered.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(last) = self.asked.last_mut() {
            last.tried.status = status;
        }
    }

    /// Bytes sent to and received from the last server.
    pub(super) fn traffic(&mut self, (sent, received): (u64, u64)) {
        if let Some(last) = self.asked.last_mut() {
            let last = &mut last.tried;
            last.sent = sent;
            last.received = received;
            last.body = received.saturating_sub(self.upstream_head_length);
        }
    }

    /// How long the last server took in all.
    pub(super) fn took(&mut self, time: Duration) {
        if let Some(last) = self.asked.last_mut() {
            last.tried.response = Some(time);
        }
    }

    /// Counts the request and writes its log line; tells when that was.
    pub(super) fn finish(&self, worker: &Worker, subject: Subject<'_>, client: &Client) -> Instant {
        let now = Instant::now();
        let elapsed = now.saturating_duration_since(self.since);
        let sent = client.sent - self.sent_before;
        let method = subject
            .head
            .map_or("OTHER", |head| method_label(head.method));
        let metrics = &subject.target.metrics;
        metrics.requests.inc((method, self.status));
        let answered = self.switched.unwrap_or(elapsed);
        metrics.duration.observe(answered.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a histogram's sum is a float")]
        {
            metrics.request_size.observe(self.request_length as f64);
            metrics.response_size.observe(sent as f64);
        }
        if let Some(reason) = self.reason {
            metrics.failures.inc(reason.code);
        }
        if let Some(log) = &subject.target.access_log {
            self.log(worker, log, subject, (client, sent, elapsed));
        }
        if let (Some(spans), Some(head)) = (&self.spans, subject.head) {
            spans.send(spans::of_request(&Finished {
                trace: &self.trace,
                head,
                route: &subject.target.route,
                client: &client.address,
                status: self.status,
                reason: self.reason,
                elapsed,
                asked: &self.asked,
            }));
        }
        now
    }

    fn log(
        &self,
        worker: &Worker,
        log: &AccessLog,
        subject: Subject<'_>,
        (client, sent, elapsed): (&Client, u64, Duration),
    ) {
        let time = worker.clock.now();
        let tries = self.tries();
        let values = Values {
            bytes_sent: sent,
            request_time: elapsed,
            ..self.values(&subject, client, &tries, (&time.0, time.1))
        };
        let asked;
        let file = match &log.file {
            LogPlace::File(file) => file,
            LogPlace::By(path) => {
                let path = path.of(|text| {
                    let mut path = Vec::new();
                    text.render(&mut path, &values);
                    path
                });
                let found = path.and_then(|path| worker.edge.logs.open_asked(&path));
                let Some(found) = found else {
                    return;
                };
                asked = found;
                &asked
            }
        };
        worker.log.add(file, |out| {
            let condition = log.condition.as_ref();
            if condition.is_none_or(|condition| condition.holds(out, &values)) {
                log.format.line(out, &values);
            }
        });
    }

    /// Why there is no other answer than one of the edge's own.
    pub(super) fn refused(&mut self, reason: Reason) {
        if !reason.is_configured() {
            self.reason = Some(reason);
        }
    }

    /// The text of a template, with what is known so far.
    pub(super) fn render(
        &self,
        worker: &Worker,
        template: &Template,
        subject: &Subject<'_>,
        client: &Client,
    ) -> Vec<u8> {
        self.render_with(
            worker,
            template,
            (subject, client),
            self.path_groups.as_ref(),
        )
    }

    /// The same, with what other groups found.
    pub(super) fn render_with(
        &self,
        worker: &Worker,
        template: &Template,
        (subject, client): (&Subject<'_>, &Client),
        groups: Option<&Captures>,
    ) -> Vec<u8> {
        let mut text = Vec::new();
        let time = worker.clock.now();
        let tries = self.tries();
        let values = Values {
            path_groups: groups,
            ..self.values(subject, client, &tries, (&time.0, time.1))
        };
        template.render(&mut text, &values);
        text
    }

    /// The servers asked, if anybody wants to know.
    fn tries(&self) -> SmallVec<[Try<'_>; 1]> {
        let asked = self.asked.iter().filter(|_| self.needs.tries);
        asked.map(Asked::logged).collect()
    }

    /// What is known so far.
    fn values<'a>(
        &'a self,
        subject: &Subject<'a>,
        client: &'a Client,
        tries: &'a [Try<'a>],
        (second, unix_millis): (&'a Second, u64),
    ) -> Values<'a> {
        Values {
            request: subject.head,
            line: subject.line,
            client: template::Client {
                address: &client.address,
                peer: client.peer,
                port: client.port,
                connection: client.number,
                requests: client.requests(),
                pipelined: client.pipelined,
                http2: client.http2,
                scheme: client.scheme,
                tls: client.secure.as_deref(),
            },
            server: template::Server {
                address: if self.needs.server_addr {
                    client.local_address()
                } else {
                    None
                },
                site: &subject.target.site,
                route: &subject.target.route,
                hostname: &HOSTNAME,
                pid: *PID,
            },
            status: self.status,
            complete: self.complete,
            body_bytes_sent: self.body_sent,
            bytes_sent: client.sent - self.sent_before,
            request_length: self.request_length,
            request_time: Duration::ZERO,
            gzip: self.gzip,
            sent_head: &self.sent_head,
            tries,
            upstream_name: subject.upstream.map_or("", Upstream::name),
            upstream_head: &self.upstream_head,
            reason: self.reason.map_or("", |reason| reason.code),
            limit_status: self.limit_status,
            request_id: self.request_id.as_str(),
            trace_id: self.trace.trace_id.as_str(),
            time: Times {
                local: &second.local,
                iso: &second.iso,
                unix_millis,
            },
            path_groups: self.path_groups.as_ref(),
            host_groups: self.host_groups.as_ref(),
        }
    }

    /// The addresses of the servers asked.
    pub(super) fn addresses(&self) -> Vec<&str> {
        self.asked
            .iter()
            .map(|asked| asked.server.label.as_str())
            .collect()
    }
}

/// The machine's name, as long as the process runs.
static HOSTNAME: LazyLock<String> = LazyLock::new(|| {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
});

/// The process, which never changes; asking the kernel for it costs a system call each time.
static PID: LazyLock<u32> = LazyLock::new(std::process::id);
