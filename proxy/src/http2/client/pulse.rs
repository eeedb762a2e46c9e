//! Whether a server that says nothing is still there: a pure state machine.

/// A connection, looked at twice within the time for which it may be silent. Whatever arrives is a
/// sign of life.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    heard: u64,
    silent: u32,
}

/// What to do about a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing.
    Well,
    /// The server is to give a sign of life until the next look.
    Ask,
    /// It has given none.
    Dead,
}

impl Pulse {
    /// Looks, when so many bytes have arrived in all.
    pub(super) fn look(&mut self, heard: u64) -> Finding {
        self.silent = if heard == self.heard {
            self.silent + 1
        } else {
            0
        };
        self.heard = heard;
        match self.silent {
            0 | 1 => Finding::Well,
            2 => Finding::Ask,
            _ => Finding::Dead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_asked_about_and_then_is_death() {
        let mut pulse = Pulse::default();
        let found = [9, 9, 9, 9].map(|heard| pulse.look(heard));
        assert_eq!(
            found,
            [Finding::Well, Finding::Well, Finding::Ask, Finding::Dead]
        );
    }

    #[test]
    fn an_answer_begins_it_anew() {
        let mut pulse = Pulse::default();
        let found = [9, 9, 9, 18, 18, 18, 27].map(|heard| pulse.look(heard));
        let (well, ask) = (Finding::Well, Finding::Ask);
        assert_eq!(found, [well, well, ask, well, well, ask, well]);
    }

    #[test]
    fn a_server_that_is_heard_is_never_asked() {
        let mut pulse = Pulse::default();
        assert!((1..100).all(|heard| pulse.look(heard / 2) == Finding::Well));
    }
}
