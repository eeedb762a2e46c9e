//! What goes wrong, and is set right again in the end.

use std::time::Duration;

use vrrp::router::Input;

use super::world::{World, ms};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The daemon is killed; its kernel keeps the address until the lease is over.
    Kill(usize),
    Start(usize),
    /// The daemon ends in order.
    Stop(usize),
    Freeze(usize),
    Thaw(usize),
    /// The machine loses power, and with it the address.
    Crash(usize),
    /// Two sides do not hear each other.
    Split(u8),
    Heal,
    Loss(u32),
    ServiceDown(usize),
    ServiceUp(usize),
    Release(usize),
    Resume(usize),
    /// Another priority, by a reload.
    Reload(usize, u8),
    /// Somebody removes the address.
    Remove(usize),
}

impl Fault {
    pub(crate) fn any(world: &mut World) -> Self {
        let count = world.nodes.len();
        let index = world.rng.usize(0..count);
        match world.rng.u32(0..16) {
            0 => Self::Kill(index),
            1 | 2 => Self::Start(index),
            3 => Self::Stop(index),
            4 => Self::Freeze(index),
            5 => Self::Thaw(index),
            6 => Self::Crash(index),
            7 => Self::Split(world.rng.u8(1..1 << count)),
            8 => Self::Heal,
            9 => Self::Loss(world.rng.u32(0..600)),
            10 | 11 => Self::ServiceDown(index),
            12 => Self::ServiceUp(index),
            13 => Self::Release(index),
            14 => Self::Reload(index, world.rng.u8(20..=254)),
            _ => Self::Remove(index),
        }
    }

    pub(crate) fn happen(self, world: &mut World) {
        let now = world.now;
        match self {
            Self::Kill(index) => world.nodes[index].router = None,
            Self::Start(index) => {
                if world.nodes[index].router.is_none() {
                    world.start(index);
                }
            }
            Self::Stop(index) => world.input(index, Input::Stop),
            Self::Freeze(index) => world.nodes[index].frozen = true,
            Self::Thaw(index) => world.thaw(index),
            Self::Crash(index) => {
                world.nodes[index].router = None;
                world.nodes[index].address = None;
            }
            Self::Split(sides) => {
                for (index, side) in world.side.iter_mut().enumerate() {
                    *side = sides >> index & 1;
                }
            }
            Self::Heal => world.side.fill(0),
            Self::Loss(loss) => world.loss = loss,
            Self::ServiceDown(index) | Self::ServiceUp(index) => {
                let fit = matches!(self, Self::ServiceUp(_));
                if world.nodes[index].fit != fit {
                    world.nodes[index].fit = fit;
                    world.condition(index);
                }
            }
            Self::Release(index) => {
                world.input(index, Input::Release);
                // Nobody forgets it for ever.
                world.later(Duration::from_secs(3), Self::Resume(index));
            }
            Self::Resume(index) => world.input(index, Input::Resume),
            Self::Reload(index, priority) => {
                world.nodes[index].terms.priority = priority;
                let terms = world.nodes[index].terms.clone();
                if let Some(router) = world.nodes[index].router.as_mut() {
                    router.reconfigure(terms, now);
                }
                world.input(index, Input::Tick);
                world.obey(index);
            }
            Self::Remove(index) => {
                if world.nodes[index].address.take().is_some() {
                    world.tell(|| format!("node {index}: address removed"));
                    world.later(ms(5), Self::Resume(index));
                    world.input(index, Input::Lost);
                }
            }
        }
    }
}

impl World {
    /// Everything works again.
    pub(crate) fn mend(&mut self) {
        self.tell(|| "all is mended".into());
        self.side.fill(0);
        self.loss = 0;
        self.disturbed = self.now;
        for index in 0..self.nodes.len() {
            Fault::Thaw(index).happen(self);
            Fault::Start(index).happen(self);
            Fault::ServiceUp(index).happen(self);
            Fault::Resume(index).happen(self);
        }
    }
}
