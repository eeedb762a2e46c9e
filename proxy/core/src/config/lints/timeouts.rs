//! Timeouts too short for what the rest of a route says it is for.

use std::time::Duration;

use settings::{Problem, Problems};

use super::file;

/// Events are rarely closer.
const SHORTEST: Duration = Duration::from_secs(1);

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, route) in super::all_routes(config) {
        let Some(proxy) = &route.proxy else { continue };
        if !proxy.buffering && proxy.read_timeout.0 < SHORTEST {
            let message = format!(
                "a stream ends where it is silent for {}, and `buffering = false` is for streams",
                proxy.read_timeout
            );
            let help = "a `read_timeout` longer than the time between two events";
            let at = at.key("proxy").key("read_timeout");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
