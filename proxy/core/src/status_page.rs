//! The page of nginx's `stub_status`, word for word, for what reads that.

use std::fmt;

/// What the edge has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Connections that were accepted since the start.
    pub accepted: u64,
    /// Those of them that were served; the others were one too many.
    pub handled: u64,
    /// Requests since the start, those under way included.
    pub requests: u64,
    /// Connections with a request under way; whether its head is still being read is not counted.
    pub busy: u64,
    /// Connections that wait for one.
    pub waiting: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            handled,
            requests,
            busy,
            waiting,
        } = self;
        // The spaces before the ends of lines are nginx's.
        write!(
            f,
            "Active connections: {} \nserver accepts handled requests\n \
             {accepted} {handled} {requests} \nReading: 0 Writing: {busy} Waiting: {waiting} \n",
            busy + waiting
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn the_text_is_nginx_s() {
        let counts = Counts {
            accepted: 9,
            handled: 8,
            requests: 7,
            busy: 2,
            waiting: 3,
        };
        assert_eq!(
            counts.to_string(),
            "Active connections: 5 \nserver accepts handled requests\n 9 8 7 \n\
             Reading: 0 Writing: 2 Waiting: 3 \n"
        );
    }
}
