//! `vrrp_script`.

use std::time::Duration;

use super::catalogue::{self, Level};
use super::{Said, number};
use crate::finding::{Findings, Severity};
use crate::syntax::{At, Statement};

/// Something that is run again and again.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) at: At,
    pub(crate) name: String,
    /// What is run, in one piece or in words.
    pub(crate) command: Option<Said<Vec<String>>>,
    pub(crate) interval: Option<Said<Duration>>,
    pub(crate) timeout: Option<Said<Duration>>,
    pub(crate) fall: Option<Said<u32>>,
    pub(crate) rise: Option<Said<u32>>,
    pub(crate) weight: Option<Said<i16>>,
    /// Who runs it is said here.
    pub(crate) has_user: bool,
}

impl Script {
    pub(super) fn read(block: &Statement, findings: &mut Findings) -> Self {
        let mut script = Self {
            at: block.at.clone(),
            name: block.word().to_owned(),
            command: None,
            interval: None,
            timeout: None,
            fall: None,
            rise: None,
            weight: None,
            has_user: false,
        };
        for statement in block.inside() {
            script.statement(statement, findings);
        }
        if script.command.is_none() {
            let message = format!(
                "vrrp_script `{}` says no script: keepalived ignores it",
                script.name
            );
            findings.add(("invalid", Severity::Problem), &script.at, message, "");
        }
        script
    }

    fn statement(&mut self, statement: &Statement, findings: &mut Findings) {
        match statement.keyword.as_str() {
            "script" if !statement.words.is_empty() => {
                self.command = Some(Said::new(statement.words.clone(), statement));
            }
            "interval" => self.interval = number::seconds(statement, findings),
            "timeout" => self.timeout = number::seconds(statement, findings),
            "fall" => self.fall = number::whole(statement, 1..=1_000_000, findings),
            "rise" => self.rise = number::whole(statement, 1..=1_000_000, findings),
            "weight" => {
                self.weight = number::whole(statement, -253..=253, findings);
                if statement.words.iter().any(|word| word == "reverse") {
                    reversed(statement, findings);
                }
            }
            "user" => {
                self.has_user = true;
                let message = "scripts are run as the daemon's user";
                findings.add(("user", Severity::Differs), &statement.at, message, "");
            }
            _ => catalogue::tell(Level::Script, statement, findings),
        }
    }

    /// keepalived's default is one second.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
            .as_ref()
            .map_or(Duration::from_secs(1), |said| said.value)
    }

    /// How often it has to fail in a row.
    pub(crate) fn fall(&self) -> u32 {
        self.fall.as_ref().map_or(1, |said| said.value)
    }
}

/// Tells that a check is meant the other way round.
pub(super) fn reversed(statement: &Statement, findings: &mut Findings) {
    findings.add(
        ("not-translated", Severity::Lost),
        &statement.at,
        "`reverse` is not translated: here a check that passes is good",
        "turn the check round, in a script of its own",
    );
}
