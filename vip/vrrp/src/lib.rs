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

mod announce;
pub mod moment;
pub mod router;
pub mod timing;
pub mod track;

pub use moment::Moment;
