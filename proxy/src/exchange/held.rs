//! Requests that do not go on to what their route does.

use edge_core::reason::Reason;

use super::local::Direct;

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
