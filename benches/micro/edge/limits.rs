//! What becomes of a request by a rate limit, by how many keys the limit remembers.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion};
use edge_core::rate::{Burst, Rate, Table, Verdict};

const COUNTS: [u128; 3] = [1, 1000, 1_000_000];

/// A prime: keys that follow on each other are far apart, and all have their turn.
const STEP: u128 = 736_481;

pub(crate) fn benches(criterion: &mut Criterion) {
    let rate: Rate = "1000000/s".parse().expect("a rate");
    let burst = Burst {
        size: u32::MAX,
        at_once: u32::MAX,
    };
    let mut group = criterion.benchmark_group("edge/judge and count a request");
    for count in COUNTS {
        let now = Instant::now();
        let mut table = Table::new(rate, NonZeroUsize::MAX, now);
        let mut number = 0;
        let mut next = || {
            number = (number + STEP) % count;
            let key = spread(number);
            let verdict = table.judge(black_box(key), burst, now);
            if verdict == Verdict::Pass {
                table.take(key, now);
            }
            verdict
        };
        for _ in 0..count {
            assert_eq!(next(), Verdict::Pass, "a request was held up");
        }
        group.bench_function(BenchmarkId::new("keys", count), |bencher| {
            bencher.iter(&mut next);
        });
        assert_eq!(table.len() as u128, count, "keys were forgotten");
    }
    group.finish();
}

/// Keys are hashes.
fn spread(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}
