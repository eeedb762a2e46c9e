//! One order, from the account to the certificate (RFC 8555 §7.4).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge_core::config::{AcmeChallenge, OrderedCertificate};
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Identifier, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

use crate::account::Authority;
use crate::challenge::{self, Answers};
use crate::error::Error;
use crate::issued::{self, Issued};

/// How long the authority may take to look, and then to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(200))
    .backoff(1.6)
    .timeout(Duration::from_mins(3));

/// Orders a certificate and keeps it in the place of the one before. `replaced` is that one, if the
/// authority is to be told (RFC 9773 §5). Whatever fails leaves it where it is.
pub async fn order(
    authority: &Authority,
    ordered: &OrderedCertificate,
    replaced: Option<&Issued>,
    provider: &Arc<CryptoProvider>,
) -> Result<Issued, Error> {
    challenge::sweep(&authority.store);
    let account = authority.account().await?;
    let identifiers: Vec<_> = ordered.names.iter().cloned().map(Identifier::Dns).collect();
    let placed = place(&account, &identifiers, replaced).await;
    let (account, mut order) = match placed {
        Err(instant_acme::Error::Api(problem)) if is_unknown_account(&problem) => {
            tracing::warn!("the authority does not know the account any more; another is made");
            authority.forget_account()?;
            let account = authority.account().await?;
            let order = place(&account, &identifiers, None).await?;
            (account, order)
        }
        placed => (account, placed?),
    };
    // Withdrawn when the order has come to an end, whichever.
    let mut answers = Answers::default();
    prove(&mut order, authority, ordered, &mut answers).await?;
    if order.state().status != OrderStatus::Ready
        && order.poll_ready(&PATIENCE).await? != OrderStatus::Ready
    {
        return Err(why_unproven(&account, &order).await);
    }
    let mut params = CertificateParams::new(ordered.names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    // Each certificate has a key of its own.
    let key = KeyPair::generate()?;
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    let pem = format!("{}{chain}", key.serialize_pem());
    issued::keep(&pem, ordered, authority, now(), provider)
}

async fn place(
    account: &Account,
    identifiers: &[Identifier],
    replaced: Option<&Issued>,
) -> Result<Order, instant_acme::Error> {
    let new = NewOrder::new(identifiers);
    let der = replaced.map(|one| CertificateDer::from(one.der.as_slice()));
    let of = der.as_ref().map(CertificateIdentifier::try_from);
    if let Some(Ok(of)) = of {
        match account
            .new_order(&NewOrder::new(identifiers).replaces(of))
            .await
        {
            // It is a favour to the authority, not worth an order.
            Err(instant_acme::Error::Unsupported(_)) => {}
            Err(instant_acme::Error::Api(problem)) if is_of_the_replaced(&problem) => {}
            placed => return placed,
        }
    }
    account.new_order(&new).await
}

/// RFC 9773 §5: it was replaced already, or the authority does not know it.
fn is_of_the_replaced(problem: &instant_acme::Problem) -> bool {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    let kind = kind.strip_prefix("urn:ietf:params:acme:error:");
    matches!(kind, Some("alreadyReplaced" | "malformed" | "unauthorized"))
}

fn is_unknown_account(problem: &instant_acme::Problem) -> bool {
    problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
}

/// Answers the challenges of all names that are not proven yet, and says so.
async fn prove(
    order: &mut Order,
    authority: &Authority,
    ordered: &OrderedCertificate,
    answers: &mut Answers,
) -> Result<(), Error> {
    let (kind, is_http) = match authority.acme.challenge {
        AcmeChallenge::Http01 => (ChallengeType::Http01, true),
        AcmeChallenge::TlsAlpn01 => (ChallengeType::TlsAlpn01, false),
    };
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().to_string();
        // It becomes a file's name.
        if !ordered.names.contains(&name) {
            let why = "the authority asks for a proof of what was not ordered".to_owned();
            return Err(Error::Unproven { name, why });
        }
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status @ (AuthorizationStatus::Invalid
            | AuthorizationStatus::Revoked
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Deactivated) => {
                let why = format!("the authority says {}", word(status));
                return Err(Error::Unproven { name, why });
            }
        }
        let Some(mut challenge) = authorization.challenge(kind.clone()) else {
            let why = format!("the authority does not offer {}", kind_name(is_http));
            return Err(Error::Unproven { name, why });
        };
        let proof = challenge.key_authorization();
        if is_http {
            answers.over_http(&authority.store, &challenge.token, &proof)?;
        } else {
            answers.over_tls(&authority.store, &name, &proof)?;
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

fn kind_name(is_http: bool) -> &'static str {
    if is_http { "http-01" } else { "tls-alpn-01" }
}

fn word(status: AuthorizationStatus) -> &'static str {
    match status {
        AuthorizationStatus::Pending => "that it waits",
        AuthorizationStatus::Valid => "that it is proven",
        AuthorizationStatus::Invalid => "that it is not proven",
        AuthorizationStatus::Revoked => "that the proof is revoked",
        AuthorizationStatus::Expired => "that the proof has expired",
        AuthorizationStatus::Deactivated => "that the proof was taken back",
    }
}

/// What the authority says of the first name that it could not prove to itself.
async fn why_unproven(account: &Account, order: &Order) -> Error {
    let unknown = || Error::Authority("it has refused the order, and does not say why".to_owned());
    // Asked anew, since what is known of the names is from before.
    let Ok(mut order) = account.order(order.url().to_owned()).await else {
        return unknown();
    };
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        for challenge in &authorization.challenges {
            if let Some(problem) = &challenge.error {
                let why = problem.detail.clone();
                let why = why.unwrap_or_else(|| problem.to_string());
                return Error::Unproven { name, why };
            }
        }
    }
    unknown()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
