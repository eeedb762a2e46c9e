//! The edge from outside: its real process, real sockets, one file for each topic.
//!
//! Names such as `r1_` are the lines of nginx's behaviour that a test proves; see the table of
//! semantics in `docs/semantics.md`.

mod bodies;
mod failover;
mod gzip;
mod http;
mod lifecycle;
mod logs;
mod origin;
mod process;
mod reload;
mod strictness;
