//! What a router does, told step by step: docs/vip.md in calls.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vrrp::Moment;
use vrrp::router::{Cause, Condition, Heard, Input, Output, Reason, Router, State, Terms};
use vrrp::timing::Skew;

const INTERVAL: Duration = Duration::from_millis(100);

fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

fn terms(priority: u8) -> Terms {
    Terms {
        priority,
        interval: INTERVAL,
        skew: Skew::Interval,
        preempt: Some(Duration::ZERO),
        pair: true,
        source: ip(1),
        lease: Some(Duration::from_secs(2)),
        refresh: Some(Duration::from_secs(10)),
        last_resort: true,
        witness: false,
    }
}

/// A router, the time, and what it has wanted at it.
struct Told {
    router: Router,
    now: Moment,
}

impl Told {
    fn new(terms: Terms) -> Self {
        let mut told = Self {
            router: Router::new(terms),
            now: Moment::after_start(Duration::from_secs(100)),
        };
        told.outputs();
        told
    }

    /// One whose service is up.
    fn fit(terms: Terms) -> Self {
        let mut told = Self::new(terms);
        told.input(FIT);
        told
    }

    /// One that holds the addresses.
    fn master(terms: Terms) -> Self {
        let mut told = Self::fit(terms);
        told.pass(Duration::from_millis(400));
        assert_eq!(told.router.state(), State::Master);
        told
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.router.poll_output()).collect()
    }

    /// Tells it something; the kernel puts addresses at once.
    fn input(&mut self, input: Input) -> Vec<Output> {
        self.router.handle(input, self.now);
        let mut outputs = self.outputs();
        if outputs.contains(&Output::Take) {
            self.router.handle(Input::Taken(true), self.now);
            outputs.extend(self.outputs());
        }
        outputs
    }

    fn hear(&mut self, from: u8, priority: u8) -> Vec<Output> {
        self.input(advert(from, priority))
    }

    /// Lets time pass, and wakes it when it wants to be.
    fn pass(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now + time;
        let mut outputs = Vec::new();
        while let Some(due) = self.router.timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            outputs.extend(self.input(Input::Tick));
        }
        self.now = end;
        outputs
    }
}

const FIT: Input = Input::Condition(Condition::Fit { adjustment: 0 });
const UNFIT: Input = Input::Condition(Condition::Unfit);

fn advert(from: u8, priority: u8) -> Input {
    Input::Heard(Heard {
        source: ip(from),
        priority,
        interval: INTERVAL,
    })
}

fn sent(outputs: &[Output]) -> Vec<u8> {
    outputs
        .iter()
        .filter_map(|output| {
            let Output::Send { priority } = output else {
                return None;
            };
            Some(*priority)
        })
        .collect()
}

fn count(outputs: &[Output], what: Output) -> usize {
    outputs.iter().filter(|output| **output == what).count()
}

#[test]
fn what_an_earlier_daemon_has_left_is_removed_first() {
    let mut router = Router::new(terms(100));
    assert_eq!(router.poll_output(), Some(Output::Drop));
    assert_eq!(router.state(), State::Init);
    assert_eq!(
        router.timeout(),
        None,
        "nothing is done before it knows itself"
    );
}

#[test]
fn a_silent_master_is_replaced_after_three_intervals_and_the_skew() {
    let mut told = Told::fit(terms(90));
    told.hear(2, 100);
    let wait = Skew::Interval.down(90, INTERVAL);
    let nearly = wait.saturating_sub(Duration::from_millis(1));
    assert_eq!(told.pass(nearly), []);
    let outputs = told.pass(Duration::from_millis(1));
    assert_eq!(outputs[0], Output::Take);
    let (state, reason) = (State::Master, Reason::Silence);
    assert_eq!(outputs[1], Output::Became { state, reason });
    assert_eq!(
        outputs[2..4],
        [Output::Send { priority: 90 }, Output::Announce]
    );
}

#[test]
fn nothing_is_advertised_before_the_kernel_has_confirmed() {
    let mut told = Told::fit(terms(100));
    told.now = told.router.timeout().unwrap();
    told.router.handle(Input::Tick, told.now);
    assert_eq!(told.outputs(), [Output::Take]);
    told.router.handle(Input::Taken(false), told.now);
    let (state, reason) = (State::Fault, Reason::Out(Cause::Address));
    assert_eq!(
        told.outputs(),
        [Output::Drop, Output::Became { state, reason }]
    );
    assert_eq!(sent(&told.pass(Duration::from_secs(2))), []);
    // It tries again.
    told.pass(Duration::from_secs(2));
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn the_other_one_of_a_pair_takes_over_at_once_from_one_that_leaves() {
    let mut told = Told::fit(terms(90));
    told.hear(2, 100);
    let outputs = told.hear(2, 0);
    assert_eq!(outputs[0], Output::Take);
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn a_farewell_of_somebody_else_means_nothing() {
    let mut told = Told::fit(terms(90));
    told.hear(2, 100);
    assert_eq!(told.hear(3, 0), []);
}

#[test]
fn one_of_several_waits_for_its_skew_after_a_farewell() {
    let several = Terms {
        pair: false,
        ..terms(90)
    };
    let mut told = Told::fit(several);
    told.hear(2, 100);
    assert_eq!(told.hear(2, 0), []);
    assert_eq!(told.pass(Duration::from_millis(4)), []);
    told.pass(Duration::from_millis(1));
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn a_release_keeps_the_addresses_until_the_successor_is_heard() {
    let mut told = Told::master(terms(100));
    assert_eq!(sent(&told.input(Input::Release)), [0]);
    assert!(told.router.holds());
    assert_eq!(told.pass(Duration::from_millis(300)), []);
    assert_eq!(told.hear(2, 90), []);
    assert_eq!(told.pass(Duration::from_millis(49)), []);
    let outputs = told.pass(Duration::from_millis(1));
    assert_eq!(
        outputs[..2],
        [Output::Drop, Output::Correct { winner: ip(2) }]
    );
    // It is not taken back.
    for _ in 0..100 {
        told.pass(INTERVAL);
        assert_eq!(told.hear(2, 90), []);
    }
    told.input(Input::Resume);
    told.hear(2, 90);
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn a_release_that_nobody_takes_leaves_everything_as_it_was() {
    let mut told = Told::master(terms(100));
    told.input(Input::Release);
    let outputs = told.pass(Duration::from_millis(2100));
    let (state, reason) = (State::Master, Reason::Nobody);
    assert!(outputs.contains(&Output::Became { state, reason }));
    assert_eq!(count(&outputs, Output::Drop), 0);
    assert!(count(&outputs, Output::Renew) >= 3, "the lease goes on");
    assert!(!told.router.is_released());
}

#[test]
fn a_master_without_its_service_goes_on_as_the_last_resort() {
    let mut told = Told::master(terms(100));
    assert_eq!(sent(&told.input(UNFIT)), [0]);
    let outputs = told.pass(Duration::from_millis(250));
    assert_eq!(sent(&outputs), [7]);
    assert_eq!(count(&outputs, Output::Drop), 0);
    // Somebody who is fit takes over, whatever its priority.
    assert_eq!(told.hear(2, 20)[1], Output::Drop);
    assert_eq!(told.router.state(), State::Fault);
}

#[test]
fn without_a_last_resort_nobody_holds_what_nobody_can_serve() {
    let strict = Terms {
        last_resort: false,
        ..terms(100)
    };
    let mut told = Told::master(strict);
    let outputs = told.input(UNFIT);
    assert_eq!(outputs[..2], [Output::Send { priority: 0 }, Output::Drop]);
    assert_eq!(told.pass(Duration::from_secs(10)), []);
}

#[test]
fn preemption_waits_until_the_own_service_has_been_up_for_long_enough() {
    let late = Terms {
        preempt: Some(Duration::from_secs(5)),
        ..terms(100)
    };
    let mut told = Told::fit(late);
    for _ in 0..49 {
        assert_eq!(told.hear(2, 90), []);
        assert_eq!(told.pass(INTERVAL), []);
    }
    told.pass(INTERVAL);
    told.hear(2, 90);
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn one_that_cannot_serve_is_replaced_without_waiting_or_being_asked_for() {
    let never = Terms {
        preempt: None,
        ..terms(100)
    };
    let mut told = Told::fit(never);
    assert_eq!(told.hear(2, 90), []);
    told.hear(2, 6);
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn the_words_of_a_loser_do_not_make_a_third_one_take_over() {
    let mut told = Told::fit(terms(100));
    told.hear(2, 200);
    // Node 3 gives in to node 2, and says so.
    assert_eq!(told.hear(3, 50), []);
    assert_eq!(told.router.state(), State::Backup);
}

#[test]
fn a_master_gives_in_to_a_better_one_and_says_where_it_is() {
    let mut told = Told::master(terms(90));
    let outputs = told.hear(2, 100);
    assert_eq!(
        outputs[..3],
        [
            Output::Send { priority: 90 },
            Output::Drop,
            Output::Correct { winner: ip(2) }
        ]
    );
}

#[test]
fn a_master_that_has_stayed_one_says_so_when_the_other_has_given_in() {
    let mut told = Told::master(terms(100));
    told.pass(Duration::from_secs(10));
    told.hear(2, 90);
    assert!(told.router.is_split(told.now));
    let kept = Output::Became {
        state: State::Master,
        reason: Reason::Kept,
    };
    assert_eq!(count(&told.pass(Duration::from_millis(250)), kept), 0);
    told.hear(2, 90);
    assert_eq!(count(&told.pass(Duration::from_secs(5)), kept), 1);
    assert!(told.router.split() > Duration::ZERO);
}

#[test]
fn the_last_word_of_one_that_was_replaced_is_no_dispute() {
    let mut told = Told::fit(terms(100));
    told.hear(2, 90);
    assert_eq!(told.router.state(), State::Master);
    told.hear(2, 90);
    told.pass(Duration::from_secs(5));
    assert_eq!(told.router.split(), Duration::ZERO);
}

#[test]
fn equal_priorities_are_decided_by_the_address() {
    let mut told = Told::master(terms(100));
    told.hear(2, 100);
    assert_eq!(told.router.state(), State::Backup);
    let higher = Terms {
        source: ip(3),
        ..terms(100)
    };
    let mut told = Told::master(higher);
    told.hear(2, 100);
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn a_flood_of_lower_priorities_is_not_multiplied() {
    let mut told = Told::master(terms(100));
    told.pass(Duration::from_secs(20));
    let mut outputs = Vec::new();
    for _ in 0..10_000 {
        outputs.extend(told.hear(2, 50));
        outputs.extend(told.pass(Duration::from_micros(100)));
    }
    assert!(sent(&outputs).len() <= 22, "one more in each interval");
    assert!(
        count(&outputs, Output::Announce) <= 12,
        "one burst in each second"
    );
}

#[test]
fn one_that_was_not_run_lets_go_and_listens() {
    let mut told = Told::master(terms(100));
    told.now = told.now + Duration::from_secs(1);
    let outputs = told.input(Input::Tick);
    let (state, reason) = (State::Backup, Reason::Stalled);
    assert_eq!(outputs, [Output::Drop, Output::Became { state, reason }]);
    told.pass(Duration::from_millis(400));
    assert_eq!(told.router.state(), State::Master, "nobody else is there");
}

#[test]
fn the_owner_of_an_address_holds_it_from_the_start() {
    let told = Told::fit(terms(255));
    assert_eq!(told.router.state(), State::Master);
    assert_eq!(told.router.priority(), 255);
}

#[test]
fn a_witness_that_does_not_see_this_node_keeps_it_from_taking_over() {
    let asking = Terms {
        witness: true,
        ..terms(90)
    };
    let mut told = Told::fit(asking);
    told.hear(2, 100);
    assert_eq!(told.pass(Duration::from_millis(370)), [Output::Ask]);
    let (state, reason) = (State::Backup, Reason::Isolated);
    let outputs = told.input(Input::Witness(false));
    assert_eq!(outputs, [Output::Became { state, reason }]);
    assert_eq!(told.pass(Duration::from_millis(370)), [Output::Ask]);
    // It is told once, however often it is asked.
    assert_eq!(told.input(Input::Witness(false)), []);
    assert_eq!(told.pass(Duration::from_millis(370)), [Output::Ask]);
    told.input(Input::Witness(true));
    assert_eq!(told.router.state(), State::Master);
}

#[test]
fn an_address_that_somebody_removes_is_put_again() {
    let mut told = Told::master(terms(100));
    told.pass(Duration::from_secs(10));
    let outputs = told.input(Input::Lost);
    assert_eq!(outputs[0], Output::Take);
    assert!(outputs.contains(&Output::Announce));
}

#[test]
fn a_stop_hands_over_and_ends_whoever_is_there() {
    let mut told = Told::master(terms(100));
    assert_eq!(sent(&told.input(Input::Stop)), [0]);
    told.pass(Duration::from_secs(2));
    assert!(told.router.is_stopped());
    assert!(!told.router.holds());
}
