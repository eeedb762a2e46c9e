//! The PROXY protocol: a header is found as soon as it is there, and reads back when written.

use edge_core::proxy_protocol::{Origin, Outcome, Version, parse, write};

use crate::{Verdict, mutate, replay};

fn judge(bytes: &[u8]) -> Verdict {
    let outcome = parse(bytes);
    for end in 0..bytes.len().min(300) {
        let early = parse(&bytes[..end]);
        let agrees = early == Ok(Outcome::Partial) || early == outcome;
        assert!(agrees, "{end} of {}", bytes.escape_ascii());
    }
    let Ok(Outcome::Complete { length, origin }) = outcome else {
        return if outcome.is_ok() {
            Verdict::Partial
        } else {
            Verdict::Bad
        };
    };
    assert!(length <= bytes.len());
    if let Origin::Tcp(ends) = origin {
        for version in [Version::V1, Version::V2] {
            let mut written = Vec::new();
            write(&mut written, version, Some(&ends));
            let length = written.len();
            let again = Ok(Outcome::Complete { length, origin });
            assert_eq!(parse(&written), again, "{}", bytes.escape_ascii());
        }
    }
    Verdict::Good
}

#[test]
fn the_corpus() {
    replay("proxy_protocol", judge);
}

#[test]
fn mutations_are_refused_or_read_back() {
    mutate("proxy_protocol", judge);
}
