//! A pick by looking at every server, as the rules are written down: what [`Group::pick`] has to come to.

use super::*;
use crate::balance::hash;

/// As [`Group::pick`], for a group of which nobody asks that.
fn pick(group: &mut Group, ask: &Ask<'_>) -> Pick {
    let Some(index) = choose_any(group, ask) else {
        return if is_busy(group, ask) {
            Pick::Busy
        } else {
            Pick::Nobody
        };
    };
    let trial = group.peers[index].begin(ask.now);
    Pick::Server(Lease { index, trial })
}

fn choose_any(group: &mut Group, ask: &Ask<'_>) -> Option<usize> {
    if let Some(index) = sticky(group, ask) {
        return Some(index);
    }
    let willing = |peer: &Peer| peer.standing(ask.now) == Standing::Up;
    let chosen = [false, true]
        .into_iter()
        .find_map(|backup| choose(group, ask, backup, willing));
    if chosen.is_some() || group.profile == Profile::Nginx || is_busy(group, ask) {
        return chosen;
    }
    let present = |peer: &Peer| {
        let standing = peer.standing(ask.now);
        matches!(standing, Standing::Ejected | Standing::Unhealthy)
    };
    [false, true]
        .into_iter()
        .find_map(|backup| choose(group, ask, backup, present))
}

fn sticky(group: &Group, ask: &Ask<'_>) -> Option<usize> {
    let token = ask.sticky?;
    let mut peers = group.peers.iter();
    let index = peers.position(|peer| !peer.is_vacant() && peer.token() == token)?;
    let peer = &group.peers[index];
    let stays = matches!(peer.standing(ask.now), Standing::Up | Standing::Draining);
    (stays && peer.has_room() && !ask.tried.contains(&index)).then_some(index)
}

fn is_busy(group: &Group, ask: &Ask<'_>) -> bool {
    group.peers.iter().enumerate().any(|(index, peer)| {
        !peer.has_room() && !ask.tried.contains(&index) && peer.standing(ask.now) == Standing::Up
    })
}

fn choose(
    group: &mut Group,
    ask: &Ask<'_>,
    backup: bool,
    willing: impl Fn(&Peer) -> bool,
) -> Option<usize> {
    let open = |index: usize, peer: &Peer| {
        peer.server.backup == backup
            && peer.has_room()
            && willing(peer)
            && !ask.tried.contains(&index)
    };
    let peers = &mut group.peers;
    let by_key = {
        let weights = Weights::new(peers, backup);
        let open = |index: usize| open(index, &peers[index]);
        match group.method {
            Method::IpHash => hash::by_address(&weights, ask.client, open),
            Method::Hash {
                consistent: false, ..
            } => hash::by_key(&weights, ask.key, open),
            Method::Hash { load, .. } => {
                let sums = (0..peers.len()).filter(|index| open(*index));
                let sums = sums.fold((0, 0), |(requests, weights), index| {
                    let peer = &peers[index];
                    let weight = u64::from(peer.server.weight.get());
                    (requests + u64::from(peer.active()), weights + weight)
                });
                let bound = load.map(|load| Bound::new(sums, load));
                Ring::new(peers).find(peers, ask.key, bound, open)
            }
            Method::RoundRobin | Method::LeastConn | Method::RandomTwo | Method::PeakEwma => None,
        }
    };
    by_key.or_else(|| match group.method {
        Method::LeastConn => least_connected(peers, ask.now, open),
        Method::RandomTwo => better_of_two(peers, ask, open, Peer::load),
        Method::PeakEwma => better_of_two(peers, ask, open, Peer::expected_wait),
        Method::RoundRobin | Method::IpHash | Method::Hash { .. } => smooth(peers, ask.now, open),
    })
}

/// U2, as in `ngx_http_upstream_get_peer`.
fn smooth(peers: &mut [Peer], now: Instant, open: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let mut total = 0;
    let mut best: Option<(usize, i128)> = None;
    for (index, peer) in peers.iter_mut().enumerate() {
        if !open(index, peer) {
            continue;
        }
        let share = i128::from(peer.share(now));
        peer.current_weight += share;
        total += share;
        peer.recover_weight();
        if best.is_none_or(|(_, weight)| peer.current_weight > weight) {
            best = Some((index, peer.current_weight));
        }
    }
    let (index, _) = best?;
    peers[index].current_weight -= total;
    Some(index)
}

/// The fewest requests under way in relation to the share; smoothly in turn among equals.
fn least_connected(
    peers: &mut [Peer],
    now: Instant,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let load = |peer: &Peer| (u64::from(peer.active()), u64::from(peer.share(now).max(1)));
    let is_less = |(a, b): (u64, u64), (c, d): (u64, u64)| a * d < c * b;
    let candidates = peers.iter().enumerate();
    let least = candidates
        .filter(|(index, peer)| open(*index, peer))
        .map(|(_, peer)| load(peer))
        .reduce(|one, other| if is_less(other, one) { other } else { one })?;
    smooth(peers, now, |index, peer| {
        open(index, peer) && !is_less(least, load(peer))
    })
}

fn better_of_two(
    peers: &[Peer],
    ask: &Ask<'_>,
    open: impl Fn(usize, &Peer) -> bool,
    cost: fn(&Peer, Instant) -> f64,
) -> Option<usize> {
    let first = draw(peers, ask.now, ask.random & u64::from(u32::MAX), &open)?;
    let others = |index: usize, peer: &Peer| index != first && open(index, peer);
    let Some(second) = draw(peers, ask.now, ask.random >> 32, others) else {
        return Some(first);
    };
    let is_better = cost(&peers[second], ask.now) < cost(&peers[first], ask.now);
    Some(if is_better { second } else { first })
}

fn draw(
    peers: &[Peer],
    now: Instant,
    random: u64,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let shares = || {
        let open = peers
            .iter()
            .enumerate()
            .filter(|(index, peer)| open(*index, peer));
        open.map(|(index, peer)| (index, u128::from(peer.share(now).max(1))))
    };
    let total: u128 = shares().map(|(_, share)| share).sum();
    let at = (u128::from(random) * total) >> 32;
    let mut sum = 0;
    let drawn = shares().find(|(_, share)| {
        sum += share;
        at < sum
    });
    drawn.map(|(index, _)| index)
}

/// What happens to a group.
#[derive(Debug, Clone)]
enum Step {
    Insert(Server, bool),
    Remove(usize),
    Set(usize, Server),
    Command(usize, Command),
    Reconfigure(Method, bool),
    Pick {
        tried: Vec<usize>,
        sticky: Option<usize>,
        random: u64,
    },
    /// What becomes of one of the requests that are under way.
    Succeed(usize, u64),
    Fail(usize, Option<u64>),
    Release(usize),
    Probe(usize, bool),
    Wait(u64),
}

fn servers() -> impl Strategy<Value = Server> {
    let weights = prop_oneof![3 => Just(1u32), 2 => 1u32..6];
    let limits = (
        0u32..4,
        prop_oneof![3 => Just(None), 1 => (1u32..3).prop_map(Some)],
    );
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.1));
    let slow = prop_oneof![2 => Just(0u64), 1 => 0u64..9_000];
    (weights, limits, flags, slow).prop_map(
        |(weight, (max_fails, max_conns), (backup, down), slow)| Server {
            max_fails,
            fail_timeout: Duration::from_secs(5),
            max_conns: max_conns.and_then(NonZeroU32::new),
            slow_start: Duration::from_millis(slow),
            down,
            ..server(weight, backup)
        },
    )
}

fn methods() -> impl Strategy<Value = Method> {
    let hash = Method::Hash {
        consistent: true,
        load: None,
    };
    let simple = Method::Hash {
        consistent: false,
        load: None,
    };
    let all: Vec<Method> = methods::ALL.into_iter().chain([hash, simple]).collect();
    prop::sample::select(all)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let command = prop::sample::select(vec![Command::Up, Command::Drain, Command::Down]);
    let tried = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(0usize..8, 1..4)];
    let sticky = prop_oneof![4 => Just(None), 1 => (0usize..8).prop_map(Some)];
    let ask = (tried, sticky, any::<u64>());
    let step = prop_oneof![
        2 => (servers(), any::<bool>()).prop_map(|(server, warm)| Step::Insert(server, warm)),
        1 => (0usize..8).prop_map(Step::Remove),
        1 => (0usize..8, servers()).prop_map(|(index, server)| Step::Set(index, server)),
        1 => (0usize..8, command).prop_map(|(index, command)| Step::Command(index, command)),
        1 => (methods(), any::<bool>()).prop_map(|(method, safe)| Step::Reconfigure(method, safe)),
        20 => ask.prop_map(|(tried, sticky, random)| Step::Pick { tried, sticky, random }),
        5 => (0usize..20, 0u64..2000).prop_map(|(lease, millis)| Step::Succeed(lease, millis)),
        5 => (0usize..20, prop::option::of(0u64..3)).prop_map(|(lease, key)| Step::Fail(lease, key)),
        8 => (0usize..20).prop_map(Step::Release),
        3 => (0usize..8, any::<bool>()).prop_map(|(index, passed)| Step::Probe(index, passed)),
        5 => prop_oneof![0u64..100, 0u64..6_000].prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..200)
}

/// A group, and requests that it is answering.
struct Life {
    group: Group,
    pick: fn(&mut Group, &Ask<'_>) -> Pick,
    leases: Vec<Lease>,
    now: Instant,
    inserted: usize,
}

impl Life {
    /// Goes on by a step; what came of it, if that can be seen.
    fn go_on(&mut self, step: &Step) -> Option<Pick> {
        let now = self.now;
        match step {
            Step::Insert(server, warm) => {
                let name = format!("10.0.0.{}:80", self.inserted);
                // Some tokens are those of two servers.
                let token = format!("t{}", self.inserted % 7);
                self.inserted += 1;
                self.group.insert(server.clone(), &name, &token, now, *warm);
            }
            Step::Remove(index) => self.group.remove(*index),
            Step::Set(index, server) => self.group.set(*index, server.clone()),
            Step::Command(index, command) => self.group.command(*index, *command),
            Step::Reconfigure(method, safe) => {
                let profile = if *safe { SAFE } else { Profile::Nginx };
                self.group.reconfigure(*method, profile);
            }
            Step::Pick {
                tried,
                sticky,
                random,
            } => return Some(self.pick(tried, *sticky, *random)),
            Step::Succeed(lease, millis) => {
                if let Some(lease) = self.leases.get(*lease) {
                    let latency = Duration::from_millis(*millis);
                    self.group.handle_success(lease, now, latency);
                }
            }
            Step::Fail(lease, key) => {
                if let Some(lease) = self.leases.get(*lease) {
                    self.group.handle_failure(lease, now, *key);
                }
            }
            Step::Release(lease) => {
                if *lease < self.leases.len() {
                    let lease = self.leases.swap_remove(*lease);
                    self.group.release(&lease);
                }
            }
            Step::Probe(index, passed) => {
                self.group.handle_probe(*index, *passed, &thresholds(), now);
            }
            Step::Wait(millis) => self.now += Duration::from_millis(*millis),
        }
        None
    }

    fn pick(&mut self, tried: &[usize], sticky: Option<usize>, random: u64) -> Pick {
        let token = sticky.map(|token| format!("t{token}"));
        let key = (random % 50).to_le_bytes();
        let [a, b, c, d, ..] = random.to_le_bytes();
        let asked = Ask {
            client: Ipv4Addr::new(a, b, c, d).into(),
            key: &key,
            sticky: token.as_deref(),
            random,
            ..ask(self.now, tried)
        };
        let picked = (self.pick)(&mut self.group, &asked);
        if let Pick::Server(lease) = picked {
            self.leases.push(lease);
        }
        picked
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever has happened, a pick comes to what looking at every server comes to.
    #[test]
    fn picks_are_those_of_looking_at_all(
        first in prop::collection::vec(servers(), 0..6),
        method in methods(),
        safe: bool,
        steps in steps(),
    ) {
        let profile = if safe { SAFE } else { Profile::Nginx };
        let now = start();
        let life = |pick: fn(&mut Group, &Ask<'_>) -> Pick| Life {
            group: Group::new(method, profile),
            pick,
            leases: Vec::new(),
            now,
            inserted: 0,
        };
        let mut lives = [life(Group::pick), life(pick)];
        let first = first.into_iter().map(|server| Step::Insert(server, true));
        for (number, step) in first.chain(steps).enumerate() {
            let [picked, expected] = lives.each_mut().map(|life| life.go_on(&step));
            prop_assert_eq!(picked, expected, "step {}: {:?}", number, step);
        }
    }
}
