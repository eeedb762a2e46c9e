//! Servers that nothing is sent to, or that nothing takes out.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, name, upstream) in super::upstreams(config) {
        all_down(&at, name, upstream, warnings);
        never_out(&at, upstream, warnings);
    }
}

fn all_down(at: &Place, name: &str, upstream: &file::Upstream, warnings: &mut Problems) {
    if upstream.server.iter().all(|server| server.down) {
        let message = format!("every server of upstream `{name}` is down, so every request fails");
        let help = "take `down` from one of them; to refuse requests, respond = { status = 503 }";
        warnings.note(Problem::new(&at.key("server"), message).help(help));
    }
}

fn never_out(at: &Place, upstream: &file::Upstream, warnings: &mut Problems) {
    let has_backup = upstream.server.iter().any(|server| server.backup);
    let mut primaries = upstream.server.iter().filter(|server| !server.backup);
    let never_out = primaries.all(|server| server.max_fails == 0 && !server.down);
    if has_backup && never_out && upstream.health_check.is_none() {
        let message = "nothing takes the primary servers out, so each request tries one first and a \
                       backup only then";
        let help = "add [...health_check] to the upstream, or let `max_fails` be more than 0";
        warnings.note(Problem::new(at, message).help(help));
    }
}
