//! What may differ from request to request.

use super::{Needs, Template};

/// Something that is the same for every request, or that a text says of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Varying<T> {
    /// The same for every request.
    Fixed(T),
    /// What a text says of each request.
    By(Template),
}

impl<T> Varying<T> {
    /// What its text needs.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Fixed(_) => Needs::default(),
            Self::By(template) => template.needs(),
        }
    }
}
