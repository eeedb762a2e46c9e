//! The parsers of what comes from the network, with a corpus of messages and mutations of them.
//!
//! `tests/corpus/KIND/` holds one message a file: `good-` is accepted, `bad-` is refused, `partial-`
//! is the beginning of something. Whatever a fuzzer or an attacker finds is added there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "the corpus is files")]

mod chunked;
mod mutation;
mod proxy_protocol;
mod request;
mod response;

use std::path::PathBuf;

/// What a parser makes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Bad,
    Partial,
}

/// The messages of a kind, by name.
fn corpus(kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from("tests/corpus").join(kind);
    let mut messages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    messages.sort();
    assert!(messages.len() > 10, "the corpus of {kind} is gone");
    messages
}

/// Checks the verdict on every message of a kind; `judge` also checks all that holds for any bytes.
fn replay(kind: &str, judge: impl Fn(&[u8]) -> Verdict) {
    for (name, message) in corpus(kind) {
        let expected = match name.split('-').next() {
            Some("good") => Verdict::Good,
            Some("bad") => Verdict::Bad,
            Some("partial") => Verdict::Partial,
            _ => panic!("{kind}/{name}: the name says no verdict"),
        };
        assert_eq!(judge(&message), expected, "{kind}/{name}");
    }
}

/// Checks all that holds for any bytes on mutations of the messages of a kind.
fn mutate(kind: &str, judge: impl Fn(&[u8]) -> Verdict) {
    mutation::of(&corpus(kind), |mutant| {
        judge(mutant);
    });
}
