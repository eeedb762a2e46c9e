//! VRRP without sockets or clocks.
//!
//! A pure crate: it is handed bytes, events and `now`, and returns what to do.
//!
//! | module | what it is |
//! |---|---|
//! | [`router`] | the election of one virtual router: [`Router`](router::Router) |
//! | [`timing`] | skew and down timers |
//! | [`track`] | what is tracked, and what that means for the priority |
//! | [`moment`] | points in time |
//! | [`wire`] | advertisements as bytes: [`Sender`](wire::Sender), [`Receiver`](wire::Receiver) |
//! | [`frame`] | ARP and neighbour discovery as bytes |

mod announce;
mod checksum;
pub mod frame;
pub mod moment;
pub mod router;
pub mod timing;
pub mod track;
pub mod wire;

pub use moment::Moment;
