//! Which packets have been heard before: the highest sequence of each sender.
//!
//! Marks are raised only by packets whose signature is good, so that forged ones can neither shut a sender
//! out nor push it out of the table.

use std::net::IpAddr;
use std::time::Duration;

use super::trailer::Sequence;
use super::{Discard, Mode};

/// Senders that are remembered in multicast, where nobody says who they are. More than one is there only
/// while it is not yet settled who is active.
const MULTICAST_SENDERS: usize = 4;

/// The marks of an instance.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    /// The one heard last is the last one.
    marks: Vec<(IpAddr, Sequence)>,
    /// At least one.
    most: usize,
}

impl Marks {
    pub(super) fn new(mode: &Mode) -> Self {
        let most = match mode {
            Mode::Multicast => MULTICAST_SENDERS,
            Mode::Unicast { peers, .. } => peers.len().max(1),
        };
        Self {
            marks: Vec::with_capacity(most),
            most,
        }
    }

    /// Takes a sequence whose signature is good and whose time is within the window.
    pub(super) fn raise(
        &mut self,
        sender: IpAddr,
        sequence: Sequence,
        window: Duration,
        wall: Duration,
    ) -> Result<(), Discard> {
        if let Some(at) = self.marks.iter().position(|(known, _)| *known == sender) {
            let (_, mark) = self.marks.remove(at);
            // A mark that is outside of the window itself was left by a clock that has been set back.
            if mark.is_within(window, wall) && !sequence.is_after(mark) {
                self.marks.push((sender, mark));
                return Err(Discard::Replay);
            }
        } else if self.marks.len() >= self.most {
            self.marks.remove(0);
        }
        self.marks.push((sender, sequence));
        Ok(())
    }
}
