//! What becomes of a request by a rate limit.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use edge_core::rate::{Burst, Rate, Table, Verdict};

/// Of a thousand keys in turn.
pub(crate) fn judge(times: usize) {
    let Ok(rate) = "1000000/s".parse::<Rate>() else {
        return;
    };
    let burst = Burst {
        size: u32::MAX,
        at_once: u32::MAX,
    };
    let now = Instant::now();
    let mut table = Table::new(rate, NonZeroUsize::MAX, now);
    for number in 0..times {
        let key = (number % 1000) as u128 * 0x9e37_79b9_7f4a_7c15;
        if table.judge(black_box(key), burst, now) == Verdict::Pass {
            table.take(key, now);
        }
    }
}
