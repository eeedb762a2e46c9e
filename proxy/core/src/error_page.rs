//! What a client gets in place of an answer with an error (nginx's `error_page`).

use std::ops::RangeInclusive;

use crate::template::{Needs, Template};

/// Pages by status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorPages(Vec<(RangeInclusive<u16>, ErrorPage)>);

/// What a client gets in place of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    /// Where it comes from.
    pub to: Destination,
    /// With which status.
    pub status: PageStatus,
}

/// Where a request goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// With the route for this path.
    Path(Template),
    /// With the route of this name.
    Named(String),
    /// With the client, who is to ask for this URL.
    Url(Template),
}

/// The status of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStatus {
    /// That of the error.
    OfError,
    /// That of the page.
    Own,
    /// This one.
    Is(u16),
}

impl ErrorPages {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The page for a status; of several the first.
    pub fn find(&self, status: u16) -> Option<&ErrorPage> {
        let mut pages = self.0.iter();
        let found = pages.find(|(statuses, _)| statuses.contains(&status));
        found.map(|(_, page)| page)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(RangeInclusive<u16>, ErrorPage)> {
        self.0.iter()
    }

    /// What their texts need.
    pub fn needs(&self) -> Needs {
        let needs = self.0.iter().map(|(_, page)| page.to.needs());
        needs.fold(Needs::default(), Needs::and)
    }

    /// These, and for other statuses those `outer`.
    #[must_use]
    pub fn within(mut self, outer: &Self) -> Self {
        self.0.extend(outer.0.iter().cloned());
        self
    }
}

impl FromIterator<(RangeInclusive<u16>, ErrorPage)> for ErrorPages {
    fn from_iter<T: IntoIterator<Item = (RangeInclusive<u16>, ErrorPage)>>(pages: T) -> Self {
        Self(pages.into_iter().collect())
    }
}

impl Destination {
    /// What its text needs.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Path(text) | Self::Url(text) => text.needs(),
            Self::Named(_) => Needs::default(),
        }
    }
}

impl PageStatus {
    /// The status that the client gets for an error of this one; `None`: the page's own.
    pub fn for_error(self, error: u16) -> Option<u16> {
        match self {
            Self::OfError => Some(error),
            Self::Own => None,
            Self::Is(status) => Some(status),
        }
    }
}
