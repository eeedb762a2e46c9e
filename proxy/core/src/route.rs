//! Which site and route a request belongs to, by nginx's rules (EDGE L1, L3).

mod hosts;
mod paths;
mod prefixes;
mod rewrite;
mod router;
mod when;

/// Turns that one request may take inside of the edge, as in nginx.
pub const MOST_TURNS: usize = 10;

pub use hosts::{HostPattern, Hosts, SiteFound};
pub use paths::{PathPattern, Paths, Place, Positioned};
pub use rewrite::{Rewrite, Rewritten, Then};
pub use router::{Asked, Choice, Router};
pub use when::{Source, Test, When};
