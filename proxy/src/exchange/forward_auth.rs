//! Asking a service whether a request may go on (nginx's `auth_request`), by the same way on which
//! requests go: its balancing, health, retries and connections.

use std::time::Instant;

use edge_core::failure::Failure;
use edge_core::forward_auth::Verdict;
use edge_core::http::{Header, Method, Name, RequestHead, ResponseHead, Upgrade};
use edge_core::reason::Reason;

use super::ask::Unanswered;
use super::body::Body;
use super::held::Held;
use super::local::Direct;
use super::record::Record;
use super::{Exchange, Place};
use crate::client::Client;
use crate::policy::ForwardAuth;
use crate::snapshot::{Route, Site};

/// Lets the request on if the service says so; what it says of who asks goes with it.
pub(super) async fn ask(
    (worker, snapshot): Place<'_>,
    client: &mut Client,
    (head, site, route): (&RequestHead<'_>, &Site, &Route),
    auth: &ForwardAuth,
    record: &mut Record,
) -> Result<(), Held> {
    let asked = question(head);
    let mut beside = record.beside(snapshot, client);
    beside.passed_on = vec![
        ("X-Original-URI".to_owned(), word(head, 1).into()),
        ("X-Original-Method".to_owned(), word(head, 0).into()),
    ];
    let mut exchange = Exchange {
        worker,
        client,
        head: &asked,
        site,
        route,
        proxy: &auth.proxy,
        target: &auth.config.uri,
        kept: &[],
        status: None,
        intercepts: false,
        begun: Instant::now(),
        record: &mut beside,
    };
    match exchange.ask(&mut Body::Empty).await {
        Ok(answer) => exchange.read_over(answer).await,
        Err(Unanswered::Gone) => return Err(Held::Gone),
        Err(Unanswered::Failed(failure)) => return Err(unavailable(&exchange, failure)),
        Err(Unanswered::Refused(_) | Unanswered::Redirected(_)) => {
            return Err(Reason::AUTH_UNAVAILABLE.into());
        }
    }
    let answer = ResponseHead::parse(beside.upstream_head(), false);
    let answer = answer.map_err(|_| Held::from(Reason::AUTH_UNAVAILABLE))?;
    judge(&answer, auth, record)
}

/// The same request, as a GET without a body.
fn question<'h>(head: &'h RequestHead<'_>) -> RequestHead<'h> {
    let mut asked = head.redirected(head.target);
    asked.method = Method::Get;
    // It is answered, and switches nothing.
    asked.upgrade = Upgrade::default();
    let of_body =
        |line: &Header<'_>| matches!(line.name, Name::ContentLength | Name::TransferEncoding);
    asked.headers.retain(|line| !of_body(line));
    asked
}

/// A word of the request line, as the client sent it.
fn word<'h>(head: &'h RequestHead<'_>, index: usize) -> &'h str {
    head.line.split(' ').nth(index).unwrap_or_default()
}

/// There is no answer: nothing goes on, and the client learns that it is not at fault.
fn unavailable(exchange: &Exchange<'_>, failure: Failure) -> Held {
    let status = match exchange.failed(failure, true).reason.status {
        status @ 502..=504 => status,
        _ => Reason::AUTH_UNAVAILABLE.status,
    };
    Held::from(Reason {
        status,
        ..Reason::AUTH_UNAVAILABLE
    })
}

fn judge(answer: &ResponseHead<'_>, auth: &ForwardAuth, record: &mut Record) -> Result<(), Held> {
    let all = |name: &str| -> Vec<&[u8]> {
        let lines = answer.headers.iter();
        let lines = lines.filter(|line| line.raw_name.eq_ignore_ascii_case(name));
        lines.map(|line| line.value).collect()
    };
    let location = all("location");
    let redirects = auth.config.redirects && !location.is_empty();
    match Verdict::of(answer.status, redirects) {
        Verdict::Admitted => {
            let copy = auth.config.copy.iter();
            let lines = copy.map(|name| (name.clone(), all(name).join(&b", "[..])));
            record.passed_on = lines.collect();
            Ok(())
        }
        Verdict::Refused(status) => {
            let challenge = all("www-authenticate").join(&b", "[..]);
            if status == 401 && !challenge.is_empty() {
                let challenge = String::from_utf8_lossy(&challenge).into_owned();
                record.say("WWW-Authenticate", challenge);
            }
            Err(Held::from(Reason {
                status,
                ..Reason::AUTH_REFUSED
            }))
        }
        Verdict::Elsewhere(status) => {
            let direct = Direct::to(status, location.first().copied().unwrap_or_default());
            let cookies = all("set-cookie").into_iter();
            Err(Held::Answered(cookies.fold(direct, |direct, cookie| {
                direct.with_line("Set-Cookie", cookie)
            })))
        }
        Verdict::Unclear => {
            tracing::warn!(
                upstream.name = %auth.proxy.upstream.name(),
                status = answer.status,
                "the service that says who may ask has not said it"
            );
            Err(Reason::AUTH_UNAVAILABLE.into())
        }
    }
}
