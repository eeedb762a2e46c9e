//! Certificates ordered from an authority (ACME, RFC 8555).
//!
//! [`order()`] does what one order takes, from the account to a certificate that is proven to fit its
//! key and its names; [`Store`] keeps account, certificates and open challenges in a folder, so that
//! another process of this node, or another node that shares the folder, can answer for this one;
//! [`answer_http`] and [`challenge_config`] are what an authority is shown; [`ask_peer`] asks a node
//! that shares nothing. When an order is due is decided elsewhere (`edge_core::renewal`).

mod account;
mod challenge;
mod error;
mod exchange;
mod https;
mod issued;
mod order;
mod peer;
mod store;

pub use account::{Authority, advice};
pub use challenge::{ALPN, answer_http, challenge_config};
pub use error::Error;
pub use issued::{Issued, read};
pub use order::order;
pub use peer::ask_peer;
pub use store::{Lock, Store};
