//! What is shown to operators: the whole edge, its connections, certificates and statistics.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use edge_core::admin::Summary;
use edge_core::config::{self, OrderedCertificate, To};
use serde_json::{Value, json};

use super::{Control, upstreams};
use crate::buffer::lock;
use crate::events::unix;
use crate::orders::Orders;
use crate::tls::Certificate;

/// Why requests cannot be answered, if they cannot.
pub(super) fn unready(control: &Control, now: Instant) -> Option<&'static str> {
    let snapshot = control.edge.live.load();
    if control.edge.is_draining() {
        return Some("draining");
    }
    let mut upstreams = snapshot.upstreams.iter();
    // An edge that answers everything itself needs none.
    let live = upstreams.len() == 0 || upstreams.any(|upstream| upstream.servers.is_up(now));
    (!live).then_some("no upstream has a live server")
}

/// `/api/v1/config`.
pub(super) fn config(control: &Control) -> Value {
    let state = control.edge.live.state();
    json!({
        "path": control.edge.path,
        "generation": state.generation,
        "since": unix(state.since),
        "last_reload": {
            "at": unix(state.tried),
            "refused": state.refusal,
        },
    })
}

/// `/api/v1/status`: everything at a glance.
pub(super) fn status(control: &Control) -> Value {
    let snapshot = control.edge.live.load();
    let sites = snapshot.config.sites.iter();
    let sites: Vec<Value> = sites
        .map(|site| show_site(site, &snapshot.config))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "now": unix(SystemTime::now()),
        "unready": unready(control, Instant::now()),
        "asks_for_token": control.operators.access.asks(),
        "can_persist": control.operators.state.is_some(),
        "config": config(control),
        "connections": connections(control),
        "sites": sites,
        "upstreams": upstreams::all(control),
        "certificates": certificates(control),
    })
}

fn show_site(site: &config::Site, config: &config::Config) -> Value {
    let routes = site.routes.iter().map(|route| {
        let (kind, upstream) = match &route.action {
            config::Action::Proxy(proxy) => match &proxy.to {
                To::Fixed(index) => {
                    let upstream = config.upstreams.get(*index);
                    ("proxy", upstream.map(|upstream| upstream.name.as_str()))
                }
                To::By(_) => ("proxy", None),
            },
            config::Action::Respond(_) => ("respond", None),
            config::Action::Files(_) => ("files", None),
            config::Action::Status => ("status_page", None),
        };
        json!({ "path": route.label, "action": kind, "upstream": upstream })
    });
    let listen: Vec<String> = match site.listen.as_slice() {
        [] => config
            .listeners
            .iter()
            .map(|one| one.address.to_string())
            .collect(),
        listen => listen.iter().map(ToString::to_string).collect(),
    };
    json!({
        "name": site.label,
        "names": site.written_names,
        "listen": listen,
        "routes": routes.collect::<Vec<_>>(),
    })
}

/// `/api/v1/connections`: how many, by listener and by what they are doing.
pub(super) fn connections(control: &Control) -> Value {
    let edge = &control.edge;
    let snapshot = edge.live.load();
    let listeners = snapshot.config.listeners.iter().map(|listener| {
        let occupied = edge.occupied(&listener.address);
        json!({
            "address": listener.address.to_string(),
            "tls": listener.tls.is_some(),
            "http2": listener.http2,
            "proxy_protocol": listener.proxy_protocol.is_some(),
            "idle": occupied.idle.load(Ordering::Relaxed),
            "active": occupied.active.load(Ordering::Relaxed),
        })
    });
    let counts = edge.counts();
    json!({
        "idle": counts.waiting,
        "active": counts.busy,
        "tunnels": edge.metrics.tunnels.get(),
        "accepted": counts.accepted,
        "requests": counts.requests,
        "draining": edge.is_draining(),
        "listeners": listeners.collect::<Vec<_>>(),
    })
}

/// `/api/v1/certificates`.
pub(super) fn certificates(control: &Control) -> Value {
    let now = SystemTime::now();
    let snapshot = control.edge.live.load();
    let mut all: Vec<Value> = Vec::new();
    for (listener, tls) in snapshot.all_tls() {
        let listener = listener.to_string();
        let shown = tls.each_certificate(|one| {
            let mut shown = show_certificate(one, &listener, now);
            shown["acme"] = json!(
                tls.ordered(&one.path)
                    .map(|one| control.edge.orders.show(one))
            );
            shown
        });
        all.extend(shown);
        let missing = tls.missing();
        all.extend(missing.map(|one| show_missing(one, &listener, &control.edge.orders)));
    }
    Value::Array(all)
}

/// One that has not come yet.
fn show_missing(ordered: &OrderedCertificate, listener: &str, orders: &Orders) -> Value {
    json!({
        "listener": listener,
        "name": ordered.name(),
        "names": ordered.names,
        "path": ordered.path,
        "not_before": null,
        "not_after": null,
        "days_left": null,
        "valid": false,
        "acme": orders.show(ordered),
    })
}

fn show_certificate(certificate: &Certificate, listener: &str, now: SystemTime) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "days of one's life")]
    let today = unix(now) as i64;
    json!({
        "listener": listener,
        "name": certificate.label,
        "names": certificate.names,
        "path": certificate.path,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "days_left": (certificate.not_after - today).div_euclid(24 * 60 * 60),
        "valid": certificate.is_valid(now),
    })
}

/// `/api/v1/stats`: rates and latencies of the last seconds, minute and five minutes, and of each
/// second of these.
pub(super) fn stats(control: &Control) -> Value {
    let now = Instant::now();
    let samples = lock(&control.operators.samples);
    let points = samples.points(now).into_iter().map(|point| {
        let mut shown = show_summary(Some(point.summary));
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("ago".to_owned(), json!(point.ago));
        }
        shown
    });
    json!({
        "last_10s": show_summary(samples.summary(Duration::from_secs(10), now)),
        "last_1m": show_summary(samples.summary(Duration::from_mins(1), now)),
        "last_5m": show_summary(samples.summary(Duration::from_mins(5), now)),
        "seconds": points.collect::<Vec<_>>(),
    })
}

/// The last of the points of [`stats`], for who has the others already.
pub(super) fn latest(control: &Control) -> Value {
    let now = Instant::now();
    let samples = lock(&control.operators.samples);
    let last = samples.points(now).pop();
    json!({
        "last_1s": show_summary(last.map(|point| point.summary)),
        "last_10s": show_summary(samples.summary(Duration::from_secs(10), now)),
    })
}

fn show_summary(summary: Option<Summary>) -> Value {
    summary.map_or(Value::Null, |summary| {
        let percentile = |index: usize| summary.latency.and_then(|all| all.get(index).copied());
        json!({
            "rate": summary.rate,
            "errors": summary.errors,
            "p50": percentile(0),
            "p95": percentile(1),
            "p99": percentile(2),
        })
    })
}
