//! A day of a pair, in which nothing grows.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vrrp::Moment;
use vrrp::router::{Condition, Heard, Input, Output, Router, Terms};
use vrrp::timing::Skew;

const INTERVAL: Duration = Duration::from_millis(100);

fn router(last: u8, priority: u8) -> Router {
    Router::new(Terms {
        priority,
        interval: INTERVAL,
        skew: Skew::Interval,
        preempt: Some(Duration::ZERO),
        pair: true,
        source: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)),
        lease: Some(Duration::from_secs(2)),
        refresh: Some(Duration::from_secs(10)),
        last_resort: true,
        witness: false,
    })
}

/// Lets a pair live for so long; the second one hears the first.
fn live(pair: &mut [Router; 2], now: &mut Moment, time: Duration) -> u64 {
    let end = *now + time;
    let mut adverts = 0;
    while *now < end {
        let [one, two] = pair;
        let due = [one.timeout(), two.timeout()];
        let due = due.into_iter().flatten().min();
        *now = due.unwrap_or(end).max(*now);
        one.handle(Input::Tick, *now);
        two.handle(Input::Tick, *now);
        while let Some(output) = one.poll_output() {
            if output == Output::Take {
                one.handle(Input::Taken(true), *now);
            } else if let Output::Send { priority } = output {
                adverts += 1;
                let heard = Heard {
                    source: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
                    priority,
                    interval: INTERVAL,
                };
                two.handle(Input::Heard(heard), *now);
            }
        }
        while two.poll_output().is_some() {}
    }
    adverts
}

#[test]
fn a_day_leaves_no_memory_behind() {
    let mut pair = [router(1, 100), router(2, 90)];
    let mut now = Moment::default();
    for router in &mut pair {
        router.handle(Input::Condition(Condition::Fit { adjustment: 0 }), now);
    }
    live(&mut pair, &mut now, Duration::from_mins(1));
    let day = allocation_counter::measure(|| {
        let adverts = live(&mut pair, &mut now, Duration::from_hours(24));
        assert_eq!(adverts / 1000, 864);
    });
    assert_eq!(day.bytes_current, 0);
    assert_eq!(day.count_total, 0, "it does not even allocate");
}
