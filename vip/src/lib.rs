//! The VIP daemon: an address that is always on exactly one healthy node.
//!
//! The election is in the pure crate `vrrp`; here are the sockets, the kernel's addresses, the health of what is
//! served, and the commands of operators.

mod admin;
mod clock;
pub mod command;
pub mod config;
mod health;
mod hooks;
mod line;
mod metrics;
mod net;
mod node;
mod record;
mod run;
mod seat;
mod timer;
