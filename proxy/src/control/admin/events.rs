//! `/api/v1/events`: what happens, as it happens (server-sent events, WHATWG HTML §9.2).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use daemon::admin::{Body, stream};
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Control, show};

/// How often something is said where nothing happens, so that neither side nor what is between them
/// takes the other for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a reader may take for what it was sent: then it is not there any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells of everything after `Last-Event-ID`, and then goes on. With `?live` the whole state comes
/// every second, too, as `state` events without ids.
pub(super) fn answer(control: &Arc<Control>, request: &Request<Bytes>) -> Response<Body> {
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|last| last.to_str().ok()).unwrap_or_default();
    let query = request.uri().query().unwrap_or_default();
    let live = query
        .split('&')
        .any(|one| matches!(one, "live" | "live=true"));
    let (sender, parts) = mpsc::channel(4);
    let reader = Reader {
        control: Arc::clone(control),
        last: last.to_owned(),
        live,
        sender,
    };
    tokio::spawn(reader.tell());
    stream("text/event-stream", parts)
}

/// Somebody who listens.
struct Reader {
    control: Arc<Control>,
    /// The id of the last event that it has.
    last: String,
    live: bool,
    sender: mpsc::Sender<Bytes>,
}

impl Reader {
    async fn tell(mut self) {
        let control = Arc::clone(&self.control);
        let mut pushed = control.edge.metrics.events.pushed();
        let mut sampled = control.operators.sampled.subscribe();
        let mut said = "retry: 2000\n\n".to_owned();
        if self.live {
            said += &self.state();
        }
        loop {
            pushed.borrow_and_update();
            said += &self.news();
            if !said.is_empty() && !self.say(std::mem::take(&mut said)).await {
                return;
            }
            tokio::select! {
                changed = pushed.changed() => if changed.is_err() { return },
                changed = sampled.changed(), if self.live => {
                    if changed.is_err() {
                        return;
                    }
                    said += &self.state();
                }
                () = tokio::time::sleep(HEARTBEAT) => said += ": nothing new\n\n",
                () = self.sender.closed() => return,
            }
        }
    }

    /// Whether it took what was said.
    async fn say(&self, text: String) -> bool {
        let sent = self.sender.send_timeout(text.into(), PATIENCE).await;
        sent.is_ok()
    }

    /// What it does not have yet.
    fn news(&mut self) -> String {
        let events = &self.control.edge.metrics.events;
        let recent = events.after(&self.last);
        let mut text = String::new();
        if recent.missed > 0 {
            text += &event("missed", &json!({ "missed": recent.missed }));
        }
        for (number, happened) in recent.events {
            self.last = events.id(number);
            text.extend(["id: ", &self.last, "\n"]);
            text += &event(happened.kind, &happened.data);
        }
        text
    }

    fn state(&self) -> String {
        let state = json!({
            "status": show::status(&self.control),
            "stats": show::latest(&self.control),
        });
        event("state", &state)
    }
}

/// JSON has no line ends outside of its strings, and none unescaped inside.
fn event(kind: &str, data: &Value) -> String {
    format!("event: {kind}\ndata: {data}\n\n")
}
