//! What the blocks mean. Everything that is read is either taken into [`Configuration`] or told.

mod catalogue;
mod globals;
mod group;
mod instance;
mod number;
mod script;

pub(crate) use globals::Globals;
pub(crate) use group::Group;
pub(crate) use instance::{Instance, Tracked, What};
pub(crate) use number::parse_seconds;
pub(crate) use script::Script;

use crate::finding::{Findings, Severity};
use crate::syntax::{At, Statement};
use catalogue::Level;

/// A value, where it stands, and in what words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) at: At,
    pub(crate) was: String,
}

impl<T> Said<T> {
    pub(crate) fn new(value: T, statement: &Statement) -> Self {
        Self {
            value,
            at: statement.at.clone(),
            was: statement.said(),
        }
    }
}

/// All that is taken over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    pub(crate) globals: Globals,
    pub(crate) scripts: Vec<Script>,
    pub(crate) groups: Vec<Group>,
    pub(crate) instances: Vec<Instance>,
}

impl Configuration {
    /// What is run under a name.
    pub(crate) fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.name == name)
    }

    /// The group that an instance is in.
    pub(crate) fn group_of(&self, instance: &Instance) -> Option<&Group> {
        let mut groups = self.groups.iter();
        groups.find(|group| group.members.contains(&instance.name.value))
    }

    /// What an instance needs, and what else its group needs. Scripts that nobody has written are not among
    /// it, as with keepalived.
    pub(crate) fn tracked<'a>(
        &'a self,
        instance: &'a Instance,
    ) -> impl Iterator<Item = &'a Tracked> {
        let group = self.group_of(instance);
        let group = group.map_or([].as_slice(), |group| group.tracked.as_slice());
        let own = &instance.tracked;
        let more = group
            .iter()
            .filter(|more| own.iter().all(|own| own.what != more.what));
        own.iter()
            .chain(more)
            .filter(|tracked| match &tracked.what {
                What::Script(name) => self.script(name).is_some(),
                What::Interface(_) => true,
            })
    }

    /// The weight of what is tracked: as said where it is tracked, or else where the script is.
    pub(crate) fn weight(&self, tracked: &Tracked) -> i16 {
        let by_script = || match &tracked.what {
            What::Script(name) => self
                .script(name)?
                .weight
                .as_ref()
                .map(|weight| weight.value),
            What::Interface(_) => None,
        };
        tracked.weight.or_else(by_script).unwrap_or(0)
    }
}

/// Reads all blocks.
pub(crate) fn configuration(statements: &[Statement], findings: &mut Findings) -> Configuration {
    let mut configuration = Configuration::default();
    for statement in statements {
        match statement.keyword.as_str() {
            "global_defs" => configuration.globals.read(statement, findings),
            "vrrp_script" => configuration
                .scripts
                .push(Script::read(statement, findings)),
            "vrrp_sync_group" => configuration.groups.push(Group::read(statement, findings)),
            "vrrp_instance" => configuration
                .instances
                .push(Instance::read(statement, findings)),
            _ => catalogue::tell(Level::Top, statement, findings),
        }
    }
    // What is said for all holds for those that say nothing.
    for instance in &mut configuration.instances {
        let globals = &configuration.globals;
        instance.version = instance.version.take().or_else(|| globals.version.clone());
        instance.refresh = instance.refresh.take().or_else(|| globals.refresh.clone());
    }
    unknown_names(&configuration, findings);
    configuration
}

/// Tells names that nothing has.
fn unknown_names(configuration: &Configuration, findings: &mut Findings) {
    let instances = configuration
        .instances
        .iter()
        .flat_map(|instance| &instance.tracked);
    let groups = configuration.groups.iter().flat_map(|group| &group.tracked);
    for tracked in instances.chain(groups) {
        if let What::Script(name) = &tracked.what
            && configuration.script(name).is_none()
        {
            let message = format!("there is no vrrp_script `{name}`: keepalived does not track it");
            findings.add(
                ("unknown-name", Severity::Problem),
                &tracked.at,
                message,
                "",
            );
        }
    }
    for group in &configuration.groups {
        for member in &group.members {
            let mut instances = configuration.instances.iter();
            if !instances.any(|instance| instance.name.value == *member) {
                let message = format!("there is no vrrp_instance `{member}`");
                findings.add(("unknown-name", Severity::Problem), &group.at, message, "");
            }
        }
    }
    if configuration.instances.is_empty() {
        let at = configuration.scripts.first().map(|script| &script.at);
        let at = at.or(configuration.globals.at.as_ref());
        if let Some(at) = at {
            let message = "there is no vrrp_instance: no address moves";
            findings.add(("no-instance", Severity::Problem), at, message, "");
        }
    }
}
