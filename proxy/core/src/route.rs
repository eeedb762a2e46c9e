//! Which site and route a request belongs to, by nginx's rules (EDGE L1, L3).

mod hosts;
mod paths;
mod rewrite;
mod router;
mod when;

pub use hosts::{HostPattern, Hosts, SiteFound};
pub use paths::{PathPattern, Paths, Place, Positioned};
pub use rewrite::{Rewrite, Rewritten, Then};
pub use router::{Asked, Choice, Router};
pub use when::{Source, Test, When};
