//! Where in a configuration file a value stands.

use std::fmt;
use std::sync::Arc;

/// One step from a table or array to what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key of a table.
    Key(Arc<str>),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// The way from the top of a file to one value, such as `upstream.web.server[1].weight`.
///
/// A place is found again in the parsed document to print its line and column, so values need not
/// carry spans of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place(Vec<Step>);

impl Place {
    /// The top of the file.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value under `key` of the table at this place.
    #[must_use]
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        self.step(Step::Key(key.as_ref().into()))
    }

    /// Element `index` of the array at this place.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The steps from the top of the file.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is `outer`, or inside of it.
    pub fn is_within(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl FromIterator<Step> for Place {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the file");
        }
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
