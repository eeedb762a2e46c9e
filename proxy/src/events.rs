//! What has happened, for operators who watch.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use edge_core::admin::{Recent, Ring};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::buffer::lock;

/// The last happenings, and who waits for the next.
#[derive(Debug)]
pub(crate) struct Events {
    ring: Mutex<Ring<Event>>,
    pushed: watch::Sender<()>,
    /// Tells numbers of this process from those of one before.
    start: u64,
}

/// Something that has happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// What kind of thing, in a word.
    pub(crate) kind: &'static str,
    /// The rest, for programs.
    pub(crate) data: Value,
}

/// Hours of a quiet edge, and the beginning of a bad minute.
const KEPT: usize = 512;

impl Default for Events {
    fn default() -> Self {
        Self {
            ring: Mutex::new(Ring::new(KEPT)),
            pushed: watch::Sender::new(()),
            start: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        }
    }
}

impl Events {
    /// Notes what has happened: in words, and what programs may want of it.
    pub(crate) fn push(&self, kind: &'static str, message: &str, mut data: Value) {
        if let Some(fields) = data.as_object_mut() {
            fields.insert("at".to_owned(), json!(unix(SystemTime::now())));
            fields.insert("message".to_owned(), json!(message));
        }
        lock(&self.ring).push(Event { kind, data });
        self.pushed.send_replace(());
    }

    /// Tells of every one that comes.
    pub(crate) fn pushed(&self) -> watch::Receiver<()> {
        self.pushed.subscribe()
    }

    /// What came after the event with this id (`Last-Event-ID`); everything, if it is none of this
    /// process.
    pub(crate) fn after(&self, id: &str) -> Recent<Event> {
        let number = id.split_once('-').and_then(|(start, number)| {
            let ours = start.parse() == Ok(self.start);
            number.parse().ok().filter(|_| ours)
        });
        lock(&self.ring).after(number.unwrap_or(0))
    }

    /// The id of the event with this number.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.start)
    }
}

/// Seconds since 1970.
pub(crate) fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
