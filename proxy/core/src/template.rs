//! Text with nginx's variables: lines of the access log, keys of `hash`, redirects, header values.
//!
//! A template is parsed once. It knows what it needs of a request ([`Needs`]), so that nothing is
//! measured or kept that no text says.

mod escape;
mod lookup;
mod map;
mod parse;
mod render;
mod scope;
mod values;
mod variable;
mod varying;

pub use escape::Escape;
pub(crate) use lookup::{argument, cookie, request_header};
pub use map::Map;
pub use parse::{BadTemplate, mentioned};
pub use scope::Scope;
pub use values::{Client, Server, Times, Try, Values};
pub use varying::Varying;

use variable::Variable;

/// Whether every text has a variable of this name.
pub fn is_variable(name: &str) -> bool {
    Variable::of(name).is_some()
}

/// Text with `$variables`, parsed once and rendered for each request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
    escape: Escape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// What a text asks for that costs something while the request is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Needs {
    /// The head sent to the client (`$sent_http_...`).
    pub sent_head: bool,
    /// The head of the last server's answer (`$upstream_http_...`).
    pub upstream_head: bool,
    /// When the last server's head had come (`$upstream_header_time`).
    pub header_time: bool,
    /// The servers asked (`$upstream_addr`, `$upstream_status`, ...).
    pub tries: bool,
    /// The address that the client connected to (`$server_addr`, `$server_port`).
    pub server_addr: bool,
    /// What the groups of the route's expression found (`$1`, `$name`).
    pub path_groups: bool,
    /// What the groups of the expression in the site's name found.
    pub host_groups: bool,
}

impl Needs {
    /// What either of two texts needs.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            sent_head: self.sent_head || other.sent_head,
            upstream_head: self.upstream_head || other.upstream_head,
            header_time: self.header_time || other.header_time,
            tries: self.tries || other.tries,
            server_addr: self.server_addr || other.server_addr,
            path_groups: self.path_groups || other.path_groups,
            host_groups: self.host_groups || other.host_groups,
        }
    }
}

impl Template {
    /// A text without variables, whatever it holds.
    pub fn constant(text: &str) -> Self {
        Self {
            parts: vec![Part::Text(text.to_owned())],
            escape: Escape::None,
        }
    }

    /// Whether it says the same for every request.
    pub fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// What it needs.
    pub fn needs(&self) -> Needs {
        let variables = self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable.needs()),
            Part::Text(_) => None,
        });
        variables.fold(Needs::default(), Needs::and)
    }
}

#[cfg(test)]
pub(crate) use tests::rendered_with;

#[cfg(test)]
mod tests;
