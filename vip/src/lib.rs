//! The VIP daemon: an address that is always on exactly one healthy node.

pub mod config;
