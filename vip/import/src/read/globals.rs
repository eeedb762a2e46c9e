//! `global_defs`.

use std::time::Duration;

use super::catalogue::{self, Level};
use super::{Said, number};
use crate::finding::Findings;
use crate::syntax::{At, Statement};

/// What holds for all instances.
#[derive(Debug, Clone, Default)]
pub(crate) struct Globals {
    /// Where the block is.
    pub(crate) at: Option<At>,
    pub(crate) version: Option<Said<u8>>,
    /// How often neighbours are reminded.
    pub(crate) refresh: Option<Said<Duration>>,
    /// `script_user` is said.
    pub(crate) has_script_user: bool,
    /// `enable_script_security` is said.
    pub(crate) has_script_security: bool,
}

impl Globals {
    pub(super) fn read(&mut self, block: &Statement, findings: &mut Findings) {
        self.at = Some(block.at.clone());
        for statement in block.inside() {
            match statement.keyword.as_str() {
                "vrrp_version" => self.version = number::whole(statement, 2..=3, findings),
                "vrrp_garp_master_refresh" => self.refresh = number::seconds(statement, findings),
                "script_user" => self.has_script_user = true,
                "enable_script_security" => self.has_script_security = true,
                _ => catalogue::tell(Level::Global, statement, findings),
            }
        }
    }
}
