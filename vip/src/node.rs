//! All instances of this node, and the loop that tells them what happens and does what they want.

use std::path::PathBuf;

use daemon::lifecycle::{self, Signal, Signals};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use vrrp::Moment;
use vrrp::router::{Condition, Input};

use crate::clock;
use crate::config::{Config, Witness};
use crate::health::{Look, Means};
use crate::line::Said;
use crate::metrics::Metrics;
use crate::net::{Changes, Kernel};
use crate::record::{Recorder, What};
use crate::seat::Seat;
use crate::timer::Timer;

mod answer;
mod obey;
mod reload;

/// What operators ask for.
#[derive(Debug)]
pub(crate) enum Request {
    /// What there is to be seen.
    Status(oneshot::Sender<Value>),
    /// To hand over the addresses of one instance, or of all.
    Release(Option<String>, oneshot::Sender<Result<(), String>>),
    /// To take them again.
    Resume(Option<String>, oneshot::Sender<Result<(), String>>),
}

/// Everything that the daemon is.
#[derive(Debug)]
pub(crate) struct Node {
    path: PathBuf,
    config: Config,
    pub(crate) seats: Vec<Seat>,
    kernel: Kernel,
    changes: Changes,
    metrics: Metrics,
    recorder: Recorder,
    log: daemon::log::Handle,
    said: Channel<(u64, Said)>,
    looks: Channel<(u64, usize, Look)>,
    witnessed: Channel<(u64, bool)>,
    requests: mpsc::Receiver<Request>,
    next_id: u64,
    stopping: bool,
}

#[derive(Debug)]
struct Channel<T> {
    sender: mpsc::Sender<T>,
    receiver: mpsc::Receiver<T>,
}

impl<T> Channel<T> {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel(64);
        Self { sender, receiver }
    }
}

/// What a node begins with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
    pub(crate) kernel: Kernel,
    pub(crate) changes: Changes,
    pub(crate) metrics: Metrics,
    pub(crate) recorder: Recorder,
    pub(crate) log: daemon::log::Handle,
    pub(crate) requests: mpsc::Receiver<Request>,
}

impl Node {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            path: start.path,
            seats: Vec::new(),
            config: start.config,
            kernel: start.kernel,
            changes: start.changes,
            metrics: start.metrics,
            recorder: start.recorder,
            log: start.log,
            said: Channel::new(),
            looks: Channel::new(),
            witnessed: Channel::new(),
            requests: start.requests,
            next_id: 0,
            stopping: false,
        }
    }

    /// Runs until it is told to stop and nothing is left to hand over.
    pub(crate) async fn run(mut self, mut signals: Signals, mut timer: Timer) {
        for config in self.config.instances.clone() {
            self.sit(config).await;
        }
        self.look().await;
        lifecycle::ready();
        let mut watchdog = lifecycle::watchdog().map(|limit| tokio::time::interval(limit / 3));
        while !self.is_over() {
            let due = self.due();
            let unconnected = self.seats.iter().any(|seat| seat.line.is_none());
            tokio::select! {
                biased;
                () = timer.wait(due) => {}
                () = self.changes.next(unconnected) => self.look().await,
                Some((id, said)) = self.said.receiver.recv() => self.hear(id, said).await,
                Some((id, index, look)) = self.looks.receiver.recv() => self.looked(id, index, look).await,
                Some((id, agrees)) = self.witnessed.receiver.recv() => {
                    self.input(id, Input::Witness(agrees)).await;
                }
                Some(request) = self.requests.recv() => self.answer(request).await,
                signal = signals.next() => self.obey_signal(signal).await,
                () = tick(&mut watchdog) => lifecycle::well(),
            }
            self.tick().await;
            self.recorder.flush();
            self.clear();
        }
        for seat in self.seats {
            seat.finish().await;
        }
    }

    /// Forgets those that are no longer configured and have nothing left to hand over.
    fn clear(&mut self) {
        if self.stopping {
            return;
        }
        let gone = |seat: &mut Seat| seat.router.is_stopped();
        for seat in self.seats.extract_if(.., gone) {
            self.metrics.forget(&seat.config.name);
            tokio::spawn(seat.finish());
        }
    }

    /// When something has to be done, if it has.
    fn due(&self) -> Option<Moment> {
        let due = self.seats.iter().filter_map(|seat| seat.router.timeout());
        due.min()
    }

    /// Wakes those whose time has come.
    async fn tick(&mut self) {
        for index in 0..self.seats.len() {
            let now = clock::now();
            let timeout = self.seats.get(index).and_then(|seat| seat.router.timeout());
            if timeout.is_some_and(|due| due <= now) {
                self.tell(index, Input::Tick).await;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stopping && self.seats.iter().all(|seat| seat.router.is_stopped())
    }

    fn index(&self, id: u64) -> Option<usize> {
        self.seats.iter().position(|seat| seat.id == id)
    }

    async fn input(&mut self, id: u64, input: Input) {
        if let Some(index) = self.index(id) {
            self.tell(index, input).await;
        }
    }

    /// Tells a router something, and does what it wants.
    pub(crate) async fn tell(&mut self, index: usize, input: Input) {
        self.inform(index, input);
        self.obey(index).await;
    }

    /// Tells a router something, and writes it down.
    fn inform(&mut self, index: usize, input: Input) {
        let now = clock::now();
        if let Some(seat) = self.seats.get_mut(index) {
            self.recorder
                .write(now, &seat.config.name, What::Input(input));
            seat.router.handle(input, now);
        }
    }

    async fn hear(&mut self, id: u64, said: Said) {
        let Some(index) = self.index(id) else {
            return;
        };
        match said {
            Said::Advert(heard, station) => {
                if let (Some(station), Some(seat)) = (station, self.seats.get_mut(index))
                    && seat.config.is_on_link()
                {
                    seat.station = Some((heard.source, station));
                }
                let heard = vrrp::router::Heard {
                    source: heard.source,
                    priority: heard.priority,
                    interval: heard.interval,
                };
                self.tell(index, Input::Heard(heard)).await;
            }
            Said::Has(address, mac) => {
                let Some(seat) = self.seats.get_mut(index) else {
                    return;
                };
                let moved = seat
                    .config
                    .addresses
                    .iter()
                    .any(|own| own.addr() == address);
                if !moved {
                    self.tell(index, Input::Witness(true)).await;
                } else if seat.router.holds() {
                    if seat.may_warn(clock::now()) {
                        tracing::warn!(instance = seat.config.name, %address, station = %mac, "another node answers for an address that is held here");
                    }
                    self.tell(index, Input::Rival).await;
                } else if matches!(seat.config.witness, Some(Witness::Holder(_))) {
                    self.tell(index, Input::Witness(false)).await;
                }
            }
        }
    }

    async fn looked(&mut self, id: u64, track: usize, look: Look) {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.id == id) else {
            return;
        };
        let (Some(tracker), Some(track)) =
            (seat.trackers.get_mut(track), seat.config.tracks.get(track))
        else {
            return;
        };
        let changed = match look {
            Look::Good => tracker.note(true),
            Look::Bad => tracker.note(false),
            Look::Gone => tracker.settle(false),
        };
        if changed {
            let up = tracker.is_up() == Some(true);
            let labels = [seat.config.name.as_str(), track.name.as_str()];
            self.metrics
                .tracked
                .with_label_values(&labels)
                .set(up.into());
            let word = if up { "up" } else { "down" };
            tracing::info!(instance = seat.config.name, track = track.name, "{word}");
            self.reconsider().await;
        }
    }

    /// Tells routers of their condition where that has changed, those of a group together.
    pub(crate) async fn reconsider(&mut self) {
        for index in 0..self.seats.len() {
            let Some(condition) = self.condition(index) else {
                continue;
            };
            if let Some(seat) = self.seats.get_mut(index)
                && seat.told != Some(condition)
            {
                seat.told = Some(condition);
                self.tell(index, Input::Condition(condition)).await;
            }
        }
    }

    /// The condition of an instance as its group leaves it.
    fn condition(&self, index: usize) -> Option<Condition> {
        let seat = self.seats.get(index)?;
        let own = seat.condition()?;
        let group = self.others(index);
        if matches!(own, Condition::Out(_)) {
            return Some(own);
        }
        if group.clone().any(Seat::is_broken) {
            return Some(Condition::Out(vrrp::router::Cause::Group));
        }
        let unfit = group
            .filter_map(Seat::condition)
            .any(|other| other == Condition::Unfit);
        Some(if unfit { Condition::Unfit } else { own })
    }

    /// The other members of an instance's group.
    fn others(&self, index: usize) -> impl Iterator<Item = &Seat> + Clone {
        let seat = self.seats.get(index);
        let group = seat.and_then(|seat| seat.config.group.clone());
        let id = seat.map(|seat| seat.id);
        self.seats.iter().filter(move |other| {
            group.is_some() && other.config.group == group && Some(other.id) != id
        })
    }

    async fn obey_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Hangup => self.reload().await,
            Signal::Interrupt | Signal::Quit | Signal::Terminate => {
                if !self.stopping {
                    tracing::info!(?signal, "stopping");
                    lifecycle::stopping();
                    self.stopping = true;
                }
                for index in 0..self.seats.len() {
                    self.tell(index, Input::Stop).await;
                }
            }
            Signal::User1 | Signal::User2 => {}
        }
    }

    /// What there is to look with at what is tracked.
    fn means(&self) -> Means {
        Means {
            kernel: self.kernel.clone(),
            changes: self.changes.clone(),
        }
    }
}

/// The next time that the service manager wants to hear of us; never if it does not.
async fn tick(watchdog: &mut Option<tokio::time::Interval>) {
    match watchdog {
        Some(watchdog) => drop(watchdog.tick().await),
        None => std::future::pending().await,
    }
}
