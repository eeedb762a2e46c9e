//! The four places of a chart, and values given for each of them.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::named::named;

named! {
    /// The place of a pillar in the chart.
    pub enum Position {
        /// The year pillar 年柱.
        Year = "year",
        /// The month pillar 月柱.
        Month = "month",
        /// The day pillar 日柱; its stem is the day master 日主.
        Day = "day",
        /// The hour pillar 时柱.
        Hour = "hour",
    }
}

/// A set of positions, such as those which take part in a relation.
///
/// Serialized as a list: `["year", "day"]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Positions(u8);

impl Positions {
    /// All four.
    pub const ALL: Self = Self::of(Position::ALL);

    /// The set of these positions.
    pub const fn of(members: &[Position]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < members.len() {
            set |= 1 << members[at].index();
            at += 1;
        }
        Self(set)
    }

    /// Whether this position is in the set.
    pub const fn contains(self, position: Position) -> bool {
        self.0 & 1 << position.index() != 0
    }

    /// The members, from year to hour.
    pub fn iter(self) -> impl Iterator<Item = Position> {
        Position::ALL
            .iter()
            .copied()
            .filter(move |&position| self.contains(position))
    }

    /// The set without this position.
    pub(crate) const fn without(self, position: Position) -> Self {
        Self(self.0 & !(1 << position.index()))
    }
}

impl FromIterator<Position> for Positions {
    fn from_iter<I: IntoIterator<Item = Position>>(members: I) -> Self {
        Self(
            members
                .into_iter()
                .fold(0, |set, position| set | 1 << position.index()),
        )
    }
}

impl Serialize for Positions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for position in self.iter() {
            list.serialize_element(&position)?;
        }
        list.end()
    }
}

/// One value for each of the four pillars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ByPosition<T> {
    /// That of the year pillar.
    pub year: T,
    /// That of the month pillar.
    pub month: T,
    /// That of the day pillar.
    pub day: T,
    /// That of the hour pillar.
    pub hour: T,
}

impl<T> ByPosition<T> {
    /// The value at this position.
    pub const fn at(&self, position: Position) -> &T {
        match position {
            Position::Year => &self.year,
            Position::Month => &self.month,
            Position::Day => &self.day,
            Position::Hour => &self.hour,
        }
    }

    pub(crate) const fn at_mut(&mut self, position: Position) -> &mut T {
        match position {
            Position::Year => &mut self.year,
            Position::Month => &mut self.month,
            Position::Day => &mut self.day,
            Position::Hour => &mut self.hour,
        }
    }

    /// The positions with their values, from year to hour.
    pub fn iter(&self) -> impl Iterator<Item = (Position, &T)> {
        Position::ALL
            .iter()
            .map(|&position| (position, self.at(position)))
    }

    /// Computes a value for each position.
    pub fn from_fn(mut value: impl FnMut(Position) -> T) -> Self {
        Self {
            year: value(Position::Year),
            month: value(Position::Month),
            day: value(Position::Day),
            hour: value(Position::Hour),
        }
    }
}
