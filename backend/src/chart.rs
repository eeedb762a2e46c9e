//! A chart in its three forms: on the wire, as JSON and on a terminal.

pub mod json;
mod table;
mod wire;

pub use table::Table;
pub use wire::response;
