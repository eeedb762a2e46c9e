//! What outlives a request: the database and the cache.
//!
//! The only crate that names a database or cache library. It keeps rows and bytes; what they mean is
//! the caller's, so it knows no HTTP, no gRPC and no charts.

mod cache;
mod database;

pub use cache::{Cache, Lookup};
pub use database::{Connections, Database, Error, Location, Node};
