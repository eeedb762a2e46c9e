//! What is wrong with a configuration, though keepalived starts with it.
//!
//! `tests/seen.sh` shows what a running keepalived does with it, and `docs/keepalived.md` has the list.

mod command;
mod election;
mod instance;
mod reach;
mod script;

pub(crate) use command::{Check, Command, arguments};
use reach::Reach;

use std::collections::{HashMap, HashSet};

use crate::finding::Findings;
use crate::read::{Configuration, Instance, Tracked};
use crate::syntax::Files;

/// What the judgement leads to when it is rewritten.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The scripts' commands, by the scripts' names.
    pub(crate) commands: HashMap<String, Command>,
    /// Instances and what they track, where the weight cannot do anything.
    useless: HashSet<(String, String)>,
    /// The other node's priority, where it is known.
    pub(crate) peer_priority: Option<u8>,
}

impl Judged {
    /// Whether the weight of what is tracked cannot do anything.
    pub(crate) fn is_useless(&self, instance: &Instance, tracked: &Tracked) -> bool {
        let key = (instance.name.value.clone(), tracked.what.name().to_owned());
        self.useless.contains(&key)
    }
}

/// Looks for all of it.
pub(crate) fn judge(
    configuration: &Configuration,
    files: &dyn Files,
    peer_priority: Option<u8>,
    findings: &mut Findings,
) -> Judged {
    let mut judged = Judged {
        peer_priority,
        ..Judged::default()
    };
    for script in &configuration.scripts {
        if let Some(said) = &script.command {
            let command = command::understand(&said.value);
            script::judge(
                script,
                said,
                &command,
                &configuration.globals,
                files,
                findings,
            );
            judged.commands.insert(script.name.clone(), command);
        }
    }
    for instance in &configuration.instances {
        instance::judge(instance, files, findings);
        election::judge(
            configuration,
            instance,
            peer_priority,
            &mut judged,
            findings,
        );
    }
    judged
}
