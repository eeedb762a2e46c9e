//! Small changes of messages, several at a time.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Mutations tried of each kind of message.
const CASES: u32 = 4000;

/// What is done to a message. Positions are taken modulo its length.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    /// The rest is that of another message.
    Splice(usize, usize),
    Cut(usize),
}

/// Bytes that mean something to some parser.
fn telling() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\0".to_vec()),
        Just(b" ".to_vec()),
        Just(b"\t".to_vec()),
        Just(b":".to_vec()),
        Just(b",".to_vec()),
        Just(b";".to_vec()),
        Just(b"0".to_vec()),
        Just(b"\xff".to_vec()),
        Just(b"Content-Length: 5\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"Connection: Cookie\r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 1..9),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || 0usize..1000;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (at(), telling()).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (at(), 1usize..20).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (at(), 1usize..40).prop_map(|(at, count)| Mutation::Repeat(at, count)),
        (at(), at()).prop_map(|(at, other)| Mutation::Splice(at, other)),
        at().prop_map(Mutation::Cut),
    ]
}

impl Mutation {
    fn apply(&self, message: &mut Vec<u8>, other: &[u8]) {
        let length = message.len();
        let within = |at: usize| at % (length + 1);
        match self {
            Self::Replace(at, byte) => {
                if let Some(replaced) = message.get_mut(within(*at)) {
                    *replaced = *byte;
                }
            }
            Self::Insert(at, bytes) => {
                let at = within(*at);
                message.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = within(*at);
                message.drain(at..length.min(at + count));
            }
            Self::Repeat(at, count) => {
                let at = within(*at);
                let repeated = message[at..length.min(at + count)].to_vec();
                message.splice(at..at, repeated);
            }
            Self::Splice(at, from) => {
                message.truncate(within(*at));
                message.extend_from_slice(&other[from % (other.len() + 1)..]);
            }
            Self::Cut(at) => message.truncate(within(*at)),
        }
    }
}

/// Calls `check` with mutations of the messages.
pub(crate) fn of(messages: &[(String, Vec<u8>)], check: impl Fn(&[u8])) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let chosen = (
        0..messages.len(),
        0..messages.len(),
        prop::collection::vec(mutation(), 1..6),
    );
    let result = TestRunner::new(config).run(&chosen, |(one, other, mutations)| {
        let mut mutant = messages[one].1.clone();
        for mutation in &mutations {
            mutation.apply(&mut mutant, &messages[other].1);
        }
        check(&mutant);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
