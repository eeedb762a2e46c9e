//! Probes that wait for answers longer than the time to the next.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, _, upstream) in super::upstreams(config) {
        let Some(check) = &upstream.health_check else {
            continue;
        };
        if check.timeout > check.interval {
            let message = format!(
                "an answer may take longer ({}) than it is to the next probe ({}), so a server that \
                 hangs is found out late",
                check.timeout, check.interval
            );
            let help = "a timeout below the interval";
            let at = at.key("health_check").key("timeout");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
