//! Whether a request may go on to what its route does, in nginx's order: first how often its client
//! asks, then who it is.

use std::time::{Duration, Instant};

use edge_core::basic_auth::Credentials;
use edge_core::http::RequestHead;
use edge_core::reason::Reason;
use smallvec::SmallVec;

use super::Place;
use super::local::Direct;
use super::record::{Record, Subject};
use super::wait::unless_gone;
use crate::client::Client;
use crate::limit::{Asked, Decision, decide};
use crate::policy::{BasicAuth, Policy};
use crate::snapshot::Target;

/// Why a request does not go on.
pub(super) enum Held {
    /// It has this answer.
    Answered(Direct),
    /// The client has left.
    Gone,
}

impl From<Reason> for Held {
    fn from(reason: Reason) -> Self {
        Self::Answered(Direct::refusing(reason))
    }
}

/// Lets a request on to what its route does, and tells until when it had to wait.
pub(super) async fn pass(
    place: Place<'_>,
    client: &mut Client,
    (head, target): (&RequestHead<'_>, &Target),
    policy: &Policy,
    record: &mut Record,
) -> Result<Option<Instant>, Held> {
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
    // Browsers send no credentials with it (the Fetch standard, §4.8).
    let preflight = config.cors.as_ref().and_then(|cors| cors.preflight(head));
    if let Some(cors) = preflight.filter(|_| access.admits(speaker)) {
        record.cors = cors;
        return Err(Held::Answered(Direct::empty()));
    }
    let any = config.satisfy_any && policy.basic_auth.is_some();
    if any && access.vouches_for(speaker) {
        return Ok(waited.then(Instant::now));
    }
    if !any && !access.admits(speaker) {
        return Err(Reason::ACCESS_DENIED.into());
    }
    if let Some(basic) = &policy.basic_auth {
        authenticate(place, client, head, basic, record).await?;
        waited = true;
    }
    Ok(waited.then(Instant::now))
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

/// Who it is, by name and password (nginx's `auth_basic`).
async fn authenticate(
    (worker, _): Place<'_>,
    client: &mut Client,
    head: &RequestHead<'_>,
    basic: &BasicAuth,
    record: &mut Record,
) -> Result<(), Held> {
    if let Some(credentials) = Credentials::of(head) {
        let right = basic.users.admit(credentials);
        let right = unless_gone(client, &worker.buffers, right).await;
        if right.ok_or(Held::Gone)? {
            return Ok(());
        }
    }
    record.say("WWW-Authenticate", basic.challenge.clone());
    Err(Reason::UNAUTHENTICATED.into())
}

/// Whole seconds, rounded up (RFC 9110 §10.2.3).
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
