//! What happens to a router, and what it wants to have done. All of it can be written down and read
//! again, so that an election can be recorded and replayed.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What others are told of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not in the election yet, or no longer.
    Init,
    /// Ready to take over.
    Backup,
    /// Holds the addresses; RFC 9568 calls it the active router.
    Master,
    /// Not fit to hold them.
    Fault,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Init, Self::Backup, Self::Master, Self::Fault];

    /// Its name, also in metrics and hooks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Backup => "backup",
            Self::Master => "master",
            Self::Fault => "fault",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// How fit a node is to hold the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its service is up.
    Fit {
        /// What trackers add to the priority.
        adjustment: i16,
    },
    /// Its service is down: it holds them only if nobody else does.
    Unfit,
    /// It could not even if it wanted to.
    Out(Cause),
}

/// Why a node is out of the election.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its interface is gone or has no carrier, or no address to speak from.
    Link,
    /// The kernel does not put the addresses.
    Address,
    /// What it serves with is down.
    Service,
    /// Another router of its group is out.
    Group,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Link => "its interface is down",
            Self::Address => "the kernel does not put its addresses",
            Self::Service => "what is tracked is down",
            Self::Group => "another router of its group is out",
        })
    }
}

/// An advert that has passed all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Where it comes from.
    pub source: IpAddr,
    /// 0: its sender is about to leave.
    pub priority: u8,
    /// Between two of them.
    pub interval: Duration,
}

/// What happens to a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// An advert came in.
    Heard(Heard),
    /// The own condition is known, or has changed.
    Condition(Condition),
    /// The kernel's answer to [`Output::Take`], or its refusal of [`Output::Renew`].
    Taken(bool),
    /// Somebody has removed an address that this node holds.
    Lost,
    /// Somebody else answers for an address that this node holds.
    Rival,
    /// The witness's answer to [`Output::Ask`]: whether this node is connected to the world.
    Witness(bool),
    /// The other routers of its group have become this.
    Follow(State),
    /// An operator wants another node to hold the addresses.
    Release,
    /// An operator lets this node take them again.
    Resume,
    /// The daemon is about to end.
    Stop,
    /// Time has passed.
    Tick,
}

/// What a router wants to have done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Send an advert to everybody.
    Send {
        /// 0: the sender is about to leave.
        priority: u8,
    },
    /// Put the addresses, and answer with [`Input::Taken`].
    Take,
    /// Renew the lease of the addresses.
    Renew,
    /// Remove the addresses.
    Drop,
    /// Tell the neighbours once that the addresses are here.
    Announce,
    /// Tell the neighbours that the addresses are at another node.
    Correct {
        /// The source of its adverts.
        winner: IpAddr,
    },
    /// Look for others who answer for the addresses, and tell with [`Input::Rival`].
    Probe,
    /// Ask the witness, and answer with [`Input::Witness`].
    Ask,
    /// Tell whom it concerns.
    Became {
        /// What the router is now.
        state: State,
        /// Why.
        reason: Reason,
    },
}

/// Why a router has become what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It has joined the election.
    Start,
    /// It owns the addresses.
    Owner,
    /// The master was silent.
    Silence,
    /// The master has left.
    Left,
    /// The master has a lower priority.
    Preempted,
    /// A better one was heard.
    Outranked,
    /// What is tracked is up.
    Fit,
    /// What is tracked is down.
    Unfit,
    /// It is out of the election.
    Out(Cause),
    /// It was not run for longer than others wait.
    Stalled,
    /// An operator has asked for it.
    Released,
    /// The addresses were to be handed over, and nobody has taken them.
    Nobody,
    /// Another master has given in: whoever was told of that one has to be told of this one again.
    Kept,
    /// The routers of its group have gone first.
    Group,
    /// The witness is against it.
    Isolated,
    /// The daemon ends.
    Stopped,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Start => "it joins the election",
            Self::Owner => "it owns the addresses",
            Self::Silence => "the master was silent",
            Self::Left => "the master has left",
            Self::Preempted => "the master has a lower priority",
            Self::Outranked => "a better master was heard",
            Self::Fit => "what is tracked is up",
            Self::Unfit => "what is tracked is down",
            Self::Out(cause) => return cause.fmt(out),
            Self::Stalled => "it was not run for longer than others wait",
            Self::Released => "an operator has asked for it",
            Self::Nobody => "nobody has taken over",
            Self::Kept => "another master has given in",
            Self::Group => "its group has gone first",
            Self::Isolated => "the witness is against it",
            Self::Stopped => "the daemon ends",
        })
    }
}
