//! Adverts from one node to another, and the election that they decide.

use std::hint::black_box;

use benches::{Adverts, Election};

pub(crate) fn plain(times: usize) {
    exchange(false, times);
}

pub(crate) fn signed(times: usize) {
    exchange(true, times);
}

fn exchange(signed: bool, times: usize) {
    let Some(mut adverts) = Adverts::new(signed) else {
        return;
    };
    for _ in 0..times {
        black_box(adverts.exchange());
    }
}

/// What happens next to a master and its backup.
pub(crate) fn election(times: usize) {
    let mut election = Election::new();
    for _ in 0..times {
        black_box(election.step());
    }
}
