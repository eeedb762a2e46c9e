//! The VIP daemon.
fn main() {}
