//! Spans of recorded traces, sent to an OpenTelemetry collector (OTLP over HTTP).
//!
//! A request hands its spans to a thread and never waits: when the collector is slow or away, spans
//! are dropped and counted. Nothing of this runs unless `[tracing] otlp` is configured, and nothing
//! of it for a request whose trace is not recorded.

mod collector;
mod encode;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use edge_core::config::Otlp;
use opentelemetry_proto::tonic::trace::v1::Span;
use prometheus::IntCounter;

pub(crate) use self::encode::{Finished, of_request};

/// The way to a collector.
#[derive(Debug)]
pub(crate) struct Spans {
    config: Otlp,
    /// Header lines to send besides, read from a file.
    headers: String,
    sender: SyncSender<Message>,
    /// Messages not yet dealt with.
    waiting: Arc<AtomicUsize>,
    counts: Counts,
}

/// What became of spans.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    /// Spans the collector took.
    pub(crate) exported: IntCounter,
    /// Spans that it did not.
    pub(crate) dropped: IntCounter,
}

/// To the thread that sends.
#[derive(Debug)]
enum Message {
    /// The spans of one request.
    Request(Vec<Span>),
    /// Send what there is: the process ends.
    Flush,
}

/// Requests that may wait: some megabytes, and seconds of sampled traffic.
const MOST_WAITING: usize = 4096;
/// How long the end of the process waits for the collector.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Spans {
    /// The way to the collector of `config`: that of `old` if nothing has changed.
    pub(crate) fn open(
        config: &Otlp,
        old: Option<&Arc<Self>>,
        counts: &Counts,
    ) -> io::Result<Arc<Self>> {
        let headers = collector::read_headers(config)?;
        let same = |old: &&Arc<Self>| old.config == *config && old.headers == headers;
        if let Some(old) = old.filter(same) {
            return Ok(Arc::clone(old));
        }
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let spans = Self {
            config: config.clone(),
            headers,
            sender,
            waiting: Arc::default(),
            counts: counts.clone(),
        };
        spans.start(receiver)?;
        Ok(Arc::new(spans))
    }

    fn start(&self, receiver: Receiver<Message>) -> io::Result<()> {
        let collector = collector::Collector::new(&self.config, &self.headers, &self.counts);
        let waiting = Arc::clone(&self.waiting);
        let thread = std::thread::Builder::new().name("spans".to_owned());
        thread.spawn(move || collector.run(&receiver, &waiting))?;
        Ok(())
    }

    /// Hands the spans of one request over, or drops and counts them.
    pub(crate) fn send(&self, spans: Vec<Span>) {
        let count = spans.len() as u64;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.sender.try_send(Message::Request(spans)).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.dropped.inc_by(count);
        }
    }

    /// Waits until everything handed over is sent, but not for ever.
    pub(crate) async fn sent(&self) {
        let end = Instant::now() + LAST_WORDS;
        // If it does not fit, the collector is far behind, and the wait below ends in time.
        drop(self.sender.try_send(Message::Flush));
        while self.waiting.load(Ordering::Acquire) > 0 {
            if Instant::now() > end {
                tracing::error!("the collector does not take the last spans");
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
