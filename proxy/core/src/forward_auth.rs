//! Who may ask, by the word of a service that is asked first (nginx's `auth_request`).

/// What the service's answer means. Whatever is not clearly a yes is a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request goes on.
    Admitted,
    /// It is refused, with this status.
    Refused(u16),
    /// The client is sent elsewhere first, with this status; to sign in, for one.
    Elsewhere(u16),
    /// Nobody knows.
    Unclear,
}

impl Verdict {
    /// Of an answer with this status. `redirects`: whether it may send clients elsewhere, and says
    /// where to.
    pub fn of(status: u16, redirects: bool) -> Self {
        match status {
            200..=299 => Self::Admitted,
            401 | 403 => Self::Refused(status),
            301 | 302 | 303 | 307 | 308 if redirects => Self::Elsewhere(status),
            _ => Self::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn only_a_yes_is_a_yes() {
        for status in 0..=u16::MAX {
            let verdict = Verdict::of(status, true);
            assert_eq!(verdict == Verdict::Admitted, (200..300).contains(&status));
        }
        assert_eq!(Verdict::of(401, false), Verdict::Refused(401));
        assert_eq!(Verdict::of(302, true), Verdict::Elsewhere(302));
        assert_eq!(Verdict::of(302, false), Verdict::Unclear);
        assert_eq!(Verdict::of(404, true), Verdict::Unclear);
    }
}
