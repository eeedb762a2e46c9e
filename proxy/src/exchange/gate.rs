//! Whether a request may go on to what its route does, in nginx's order: first how often its client
//! asks, then who it is.

use std::time::{Duration, Instant};

use edge_core::basic_auth::{Credentials, challenge};
use edge_core::http::RequestHead;
use edge_core::reason::Reason;
use edge_core::template::Template;
use smallvec::SmallVec;

use super::held::Held;
use super::local::Direct;
use super::record::{Record, Subject};
use super::wait::unless_gone;
use super::{Place, forward_auth};
use crate::client::Client;
use crate::limit::{Asked, Decision, decide};
use crate::policy::{BasicAuth, Policy};
use crate::snapshot::{Route, Site};

/// Lets a request on to what its route does, and tells until when it had to wait.
pub(super) async fn pass(
    place: Place<'_>,
    client: &mut Client,
    (head, site, route): (&RequestHead<'_>, &Site, &Route),
    policy: &Policy,
    record: &mut Record,
) -> Result<Option<Instant>, Held> {
    let target = &route.target;
    let config = &target.terms.policy;
    if let Some(cors) = &config.cors {
        record.cors = cors.answer(head);
    }
    let mut waited = false;
    // A request counts once, wherever it goes on to.
    if !policy.limits.is_empty() && record.limit_status.is_empty() {
        let subject = Subject::of(target, head);
        waited |= limit(place, client, subject, policy, record).await?;
    }
    let (access, speaker) = (&config.access, client.speaker());
    let any = config.satisfy_any && policy.asks_who();
    if !any && !access.admits(speaker) {
        return Err(Reason::ACCESS_DENIED.into());
    }
    // Browsers send no credentials with it (the Fetch standard, §4.8).
    if let Some(cors) = config.cors.as_ref().and_then(|cors| cors.preflight(head)) {
        record.cors = cors;
        return Err(Held::Answered(Direct::empty()));
    }
    if !policy.asks_who() || (any && access.vouches_for(speaker)) {
        withhold(policy, record);
        return Ok(waited.then(Instant::now));
    }
    let asked = (head, site, route);
    identify(place, client, asked, (policy, any), record).await?;
    Ok(Some(Instant::now()))
}

/// What a client says in the words of a service that was not asked does not go on.
fn withhold(policy: &Policy, record: &mut Record) {
    if let Some(forward) = &policy.forward_auth {
        let copy = forward.config.copy.iter();
        record.passed_on = copy.map(|name| (name.clone(), Vec::new())).collect();
    }
}

/// Who it is, by name or by the word of a service: both, or `any` of them.
async fn identify(
    place: Place<'_>,
    client: &mut Client,
    asked: (&RequestHead<'_>, &Site, &Route),
    (policy, any): (&Policy, bool),
    record: &mut Record,
) -> Result<(), Held> {
    withhold(policy, record);
    let subject = Subject::of(&asked.2.target, asked.0);
    let mut unknown = None;
    if let Some(basic) = &policy.basic_auth {
        match authenticate(place, client, subject, basic, record).await? {
            true if any => return Ok(()),
            true => {}
            false if any && policy.forward_auth.is_some() => unknown = Some(basic),
            false => return Err(unauthenticated(place, client, subject, basic, record)),
        }
    }
    let Some(forward) = &policy.forward_auth else {
        return Ok(());
    };
    let admitted = forward_auth::ask(place, client, asked, forward, record).await;
    match (admitted, unknown) {
        // Who could have said a name is asked for it, as by nginx.
        (Err(Held::Answered(_)), Some(basic)) => {
            Err(unauthenticated(place, client, subject, basic, record))
        }
        (admitted, _) => admitted,
    }
}

fn unauthenticated(
    (worker, _): Place<'_>,
    client: &Client,
    subject: Subject<'_>,
    basic: &BasicAuth,
    record: &mut Record,
) -> Held {
    let realm = record.render(worker, &basic.config.realm, &subject, client);
    record.say("WWW-Authenticate", challenge(&realm));
    Reason::UNAUTHENTICATED.into()
}

/// How often (nginx's `limit_req`); whether the request had to wait.
async fn limit(
    (worker, _): Place<'_>,
    client: &mut Client,
    subject: Subject<'_>,
    policy: &Policy,
    record: &mut Record,
) -> Result<bool, Held> {
    let asked = policy.limits.iter().filter_map(|limit| {
        let key = match &limit.config.key {
            None => limit.key_of(client.speaker()),
            Some(key) => {
                let text = record.render(worker, key, &subject, client);
                limit.key(&text)?
            }
        };
        Some((&**limit, key))
    });
    let asked: SmallVec<[Asked<'_>; 2]> = asked.collect();
    match decide(&asked, Instant::now()) {
        Decision::Pass(status) => {
            record.limit_status = status;
            Ok(false)
        }
        Decision::Delay(delay) => {
            record.limit_status = "DELAYED";
            let delay = tokio::time::sleep(delay);
            let waited = unless_gone(client, &worker.buffers, delay).await;
            waited.map(|()| true).ok_or(Held::Gone)
        }
        Decision::Refuse(limit, wait) => {
            record.limit_status = "REJECTED";
            record.say("Retry-After", seconds(wait).to_string());
            let status = limit.config.status;
            Err(Held::from(Reason {
                status,
                ..Reason::RATE_LIMITED
            }))
        }
    }
}

/// Whether it has a name and its password (nginx's `auth_basic`).
async fn authenticate(
    (worker, _): Place<'_>,
    client: &mut Client,
    subject: Subject<'_>,
    basic: &BasicAuth,
    record: &Record,
) -> Result<bool, Held> {
    let Some(credentials) = subject.head.and_then(Credentials::of) else {
        return Ok(false);
    };
    let render = |text: &Template| record.render(worker, text, &subject, client);
    // As by nginx, without a file there is nobody who may.
    let path = basic.config.users_file.of(render);
    let path = path.ok_or(Reason::ACCESS_DENIED)?;
    let right = async {
        let users = basic.users.at(&path).await.map_err(|error| {
            tracing::error!("{error}");
            Reason::FILE_ERROR
        })?;
        let users = users.ok_or(Reason::ACCESS_DENIED)?;
        Ok::<_, Reason>(users.admit(credentials).await)
    };
    let right = unless_gone(client, &worker.buffers, right).await;
    Ok(right.ok_or(Held::Gone)??)
}

/// Whole seconds, rounded up (RFC 9110 §10.2.3).
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
