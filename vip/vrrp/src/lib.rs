//! VRRP without sockets or clocks.
//!
//! A pure crate: it is handed bytes, events and `now`, and returns what to do.
