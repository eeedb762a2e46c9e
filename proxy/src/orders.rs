//! Certificates that are ordered: when each is due, what became of it, and who is told.

mod metrics;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge_acme::{Authority, Issued};
use edge_core::config::OrderedCertificate;
use edge_core::renewal::Renewal;
use serde_json::{Value, json};

pub(crate) use self::metrics::OrderMetrics;
use crate::buffer::lock;
use crate::edge::Edge;
use crate::stamp::Stamp;
use crate::tls::provider;

/// What is known of the orders, by the first name of each certificate.
#[derive(Debug, Default)]
pub(crate) struct Orders(Mutex<HashMap<String, Standing>>);

/// How the orders of one certificate stand.
#[derive(Debug)]
struct Standing {
    renewal: Renewal,
    /// The certificate that there is, and what it was read from.
    held: (Option<Stamp>, Option<Issued>),
    /// From whom it has to be, and for which names.
    wanted: Option<(String, Vec<String>)>,
    /// When the next order is due.
    next: i64,
    /// Whether one is under way.
    ordering: bool,
    /// Why the last has come to nothing.
    error: Option<String>,
    /// When the authority is asked next when it would like a renewal.
    ask: i64,
}

/// How often the authority is asked for its advice (RFC 9773 §4.3: every six hours is enough for all).
const ADVICE: i64 = 6 * 60 * 60;

impl Standing {
    fn new() -> Self {
        Self {
            renewal: Renewal::new(fastrand::f64()),
            held: (None, None),
            wanted: None,
            next: i64::MIN,
            ordering: false,
            error: None,
            ask: i64::MIN,
        }
    }

    /// Looks at what there is; when the next order is due.
    fn look(&mut self, authority: &Authority, ordered: &OrderedCertificate) -> i64 {
        let stamp = Stamp::of(&ordered.path);
        let wanted = (authority.acme.directory.clone(), ordered.names.clone());
        if stamp.is_none() || stamp != self.held.0 || self.wanted.as_ref() != Some(&wanted) {
            self.wanted = Some(wanted);
            let held = edge_acme::read(ordered, authority, provider());
            self.held = (stamp, held.unwrap_or_default());
        }
        let validity = self.held.1.as_ref().map(|held| held.validity);
        self.next = self.renewal.due(validity);
        self.next
    }
}

impl Orders {
    /// Whatever has failed is tried again: the configuration may have been the reason.
    pub(crate) fn try_again(&self) {
        for standing in lock(&self.0).values_mut() {
            standing.renewal.try_again();
        }
    }

    /// How the orders of a certificate stand, for operators.
    pub(crate) fn show(&self, ordered: &OrderedCertificate) -> Value {
        let all = lock(&self.0);
        let standing = all.get(ordered.name());
        let next = standing.map_or(i64::MIN, |one| one.next);
        json!({
            "names": ordered.names,
            "next": (next > i64::MIN).then_some(next),
            "ordering": standing.is_some_and(|one| one.ordering),
            "failures": standing.map_or(0, |one| one.renewal.failures()),
            "error": standing.and_then(|one| one.error.as_deref()),
        })
    }

    fn with<T>(&self, ordered: &OrderedCertificate, act: impl FnOnce(&mut Standing) -> T) -> T {
        let mut all = lock(&self.0);
        let standing = all.entry(ordered.name().to_owned());
        act(standing.or_insert_with(Standing::new))
    }
}

/// Orders what is due, one after the other, for as long as this process accepts connections.
#[expect(clippy::infinite_loop, reason = "it ends with the control")]
pub(crate) async fn run(edge: &Edge) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        let snapshot = edge.live.load_full();
        let Some(authority) = &snapshot.acme else {
            continue;
        };
        for ordered in snapshot.config.ordered_certificates() {
            // The process that takes this one's place does so as well.
            if !edge.is_draining() {
                look_after(edge, authority, ordered).await;
            }
        }
    }
}

/// Orders one certificate if it is due.
async fn look_after(edge: &Edge, authority: &Authority, ordered: &OrderedCertificate) {
    let orders = &edge.orders;
    let (due, advice) = orders.with(ordered, |standing| {
        let due = standing.look(authority, ordered);
        let held = standing.held.1.clone();
        (due, held.filter(|_| standing.ask <= now()))
    });
    edge.metrics.orders.due(ordered, due);
    if due > now() {
        if let Some(held) = advice {
            let advice = edge_acme::advice(authority, &held.der).await;
            orders.with(ordered, |standing| {
                standing.ask = now() + ADVICE;
                if let Some(window) = advice {
                    standing.renewal.advise(held.validity, window);
                }
            });
        }
        return;
    }
    let result = match authority.store.lock() {
        // Another process, or another node with the same folder, is at it.
        Ok(None) => return,
        Err(error) => Err(error),
        Ok(Some(_lock)) => {
            // Which may have come to an end in this moment.
            let again = orders.with(ordered, |standing| {
                standing.ordering = standing.look(authority, ordered) <= now();
                (standing.ordering, standing.held.1.clone())
            });
            let (true, replaced) = again else {
                return;
            };
            edge_acme::order(authority, ordered, replaced.as_ref(), provider()).await
        }
    };
    settle(edge, authority, ordered, result);
}

/// Says what became of an order.
fn settle(
    edge: &Edge,
    authority: &Authority,
    ordered: &OrderedCertificate,
    result: Result<Issued, edge_acme::Error>,
) {
    let (name, directory) = (ordered.name(), &authority.acme.directory);
    let label = if result.is_ok() { "success" } else { "failure" };
    let message = match result {
        Ok(issued) => {
            let until = u64::try_from(issued.validity.not_after).unwrap_or_default();
            let until = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(until));
            edge.orders.with(ordered, |standing| {
                standing.renewal.succeeded(now(), fastrand::f64());
                standing.error = None;
                standing.ask = i64::MIN;
            });
            tracing::info!(name, directory, until, "a certificate was ordered");
            format!("the certificate of {name} has come")
        }
        Err(error) => {
            let (wait, held) = edge.orders.with(ordered, |standing| {
                standing.renewal.failed(now(), fastrand::f64());
                standing.error = Some(error.to_string());
                standing.look(authority, ordered);
                (standing.next - now(), standing.held.0.is_some())
            });
            let stays = if held {
                "; the one before stays in use"
            } else {
                ""
            };
            let minutes = wait / 60;
            tracing::error!(name, directory, %error, minutes, "a certificate could not be ordered{stays}");
            format!("the certificate of {name} could not be ordered: {error}{stays}")
        }
    };
    edge.orders.with(ordered, |standing| {
        standing.ordering = false;
        standing.look(authority, ordered);
    });
    edge.metrics.orders.ended(label);
    let data = json!({ "result": label, "name": name });
    edge.metrics.events.push("certificate", &message, data);
    // So that nobody has to wait for it to be noticed.
    edge.live.load().follow(&edge.metrics);
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
