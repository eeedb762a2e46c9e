//! Weights share requests out within a tier, and backups are a tier of their own.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, _, upstream) in super::upstreams(config) {
        if upstream.server.len() < 2 {
            continue;
        }
        for (index, server) in upstream.server.iter().enumerate() {
            let tier = upstream.server.iter();
            let peers = tier.filter(|other| other.backup == server.backup).count();
            if server.weight == 1 || peers > 1 {
                continue;
            }
            let (kind, others) = if server.backup {
                ("backup", "primary servers")
            } else {
                ("primary server", "backups")
            };
            let message = format!(
                "the weight has no effect: this is the only {kind}, and it is never compared with the \
                 {others}"
            );
            let help = "leave it out; or leave `backup` out for both to answer, in the proportion of \
                        their weights";
            let at = at.key("server").index(index).key("weight");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
