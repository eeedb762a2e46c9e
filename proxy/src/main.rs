//! Not started yet.
fn main() {}
