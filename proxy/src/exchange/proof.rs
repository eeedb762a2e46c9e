//! What authorities are answered that want to see whether a name leads here (RFC 8555 §8.3): from the
//! files of open orders, or from another edge that may have one.

use edge_acme::{answer_http, ask_peer};
use edge_core::challenge::token;
use edge_core::http::{Method, RequestHead};

use super::local::Direct;
use crate::snapshot::Snapshot;

/// The answer, if the request is an authority's and somebody waits for it; all others go their way, so
/// that other programs can order certificates, too.
pub(super) async fn proof(snapshot: &Snapshot, head: &RequestHead<'_>) -> Option<Direct> {
    let authority = snapshot.acme.as_ref()?;
    let token = token(head.path())?;
    if !matches!(head.method, Method::Get | Method::Head) {
        return None;
    }
    if let Some(answer) = answer_http(&authority.store, token) {
        return Some(Direct::with_text(answer));
    }
    let ordered = snapshot.config.ordered_certificates();
    let mut names = ordered.iter().flat_map(|one| &one.names);
    let is_ours = names.any(|name| name.eq_ignore_ascii_case(head.host));
    // Otherwise two that do not know would ask one another for ever (RFC 9110 §7.6.2).
    if !is_ours || head.header("max-forwards") == Some("0") {
        return None;
    }
    for peer in &authority.acme.peers {
        if let Some(answer) = ask_peer(peer, head.authority, token).await {
            return Some(Direct::with_text(answer));
        }
    }
    None
}
