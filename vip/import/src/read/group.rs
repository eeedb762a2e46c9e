//! `vrrp_sync_group`.

use super::Tracked;
use super::catalogue::{self, Level};
use super::instance::tracked;
use crate::finding::{Findings, Severity};
use crate::syntax::{At, Statement};

/// Instances that hold their addresses together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) tracked: Vec<Tracked>,
}

impl Group {
    pub(super) fn read(block: &Statement, findings: &mut Findings) -> Self {
        let mut group = Self {
            at: block.at.clone(),
            name: block.word().to_owned(),
            members: Vec::new(),
            tracked: Vec::new(),
        };
        for statement in block.inside() {
            match statement.keyword.as_str() {
                "group" => {
                    let members = statement.inside().iter();
                    group.members.extend(members.map(|member| member.keyword.clone()));
                }
                "track_script" | "track_interface" => tracked(statement, &mut group.tracked, findings),
                keyword if keyword.starts_with("notify") => findings.add(
                    ("not-translated", Severity::Lost),
                    &statement.at,
                    format!("`{keyword}` of a group is not translated: instances are told of, not groups"),
                    "put it under [instance.notify] of one of the group's instances",
                ),
                _ => catalogue::tell(Level::Instance, statement, findings),
            }
        }
        group
    }
}
