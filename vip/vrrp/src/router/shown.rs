//! What can be seen of a router from outside.

use std::time::Duration;

use super::{Cause, Condition, Peer, Phase, Router, State};
use crate::moment::Moment;
use crate::timing::DOWN;

impl Router {
    /// What others are told of this node, and what it is told itself.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Start | Phase::Stopped => State::Init,
            Phase::Out { .. } => State::Fault,
            Phase::Master(_) | Phase::Leaving(_) => State::Master,
            Phase::Backup { .. } | Phase::Asking { .. } | Phase::Taking { .. } => {
                match self.condition {
                    Some(Condition::Unfit) => State::Fault,
                    _ => State::Backup,
                }
            }
        }
    }

    /// Whether [`Input::Stop`](super::Input::Stop) has been done.
    pub fn is_stopped(&self) -> bool {
        matches!(self.phase, Phase::Stopped)
    }

    /// Whether the node holds the addresses, as far as it knows.
    pub fn holds(&self) -> bool {
        matches!(self.phase, Phase::Master(_) | Phase::Leaving(_))
    }

    /// Whether the addresses are to be there, or are about to be.
    pub fn wants_addresses(&self) -> bool {
        self.holds() || matches!(self.phase, Phase::Taking { .. })
    }

    /// Whether it is about to hand them over.
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving(_))
    }

    /// Whether an operator has handed them over, so that they are not taken back.
    pub fn is_released(&self) -> bool {
        self.released
    }

    /// Why the node is out of the election.
    pub fn cause(&self) -> Option<Cause> {
        match (&self.phase, self.condition) {
            (Phase::Out { cause, .. }, _) => Some(*cause),
            (_, Some(Condition::Unfit)) => Some(Cause::Service),
            _ => None,
        }
    }

    /// The priority now: what is configured, corrected by what is tracked; 0 when out of the election.
    pub fn priority(&self) -> u8 {
        match self.condition {
            None | Some(Condition::Out(_)) => 0,
            Some(Condition::Unfit) => self.terms.last_resort_priority(),
            Some(Condition::Fit { .. }) if self.terms.priority == 255 => 255,
            Some(Condition::Fit { adjustment }) => {
                let sum = i32::from(self.terms.priority) + i32::from(adjustment);
                u8::try_from(sum.clamp(1, 254)).unwrap_or(1)
            }
        }
    }

    /// The last master that was heard, other than this node.
    pub fn peer(&self) -> Option<Peer> {
        self.peer
    }

    /// How long others have been heard to be masters while this node was.
    pub fn split(&self) -> Duration {
        self.split
    }

    /// Whether the last of them was heard just now.
    pub fn is_split(&self, now: Moment) -> bool {
        self.rival
            .is_some_and(|last| now.since(last) < self.terms.interval * DOWN)
    }
}
