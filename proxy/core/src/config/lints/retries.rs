//! Retries that cannot be, because there is no other server or no time.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, _, upstream) in super::upstreams(config) {
        let at = at.key("retry");
        no_other(&at, upstream, warnings);
        no_time(&at, &upstream.retry, warnings);
    }
}

fn no_other(at: &Place, upstream: &file::Upstream, warnings: &mut Problems) {
    // A name may stand for several servers.
    let is_one = |server: &file::UpstreamServer| {
        server.address.starts_with("unix:")
            || server.address.parse::<std::net::SocketAddr>().is_ok()
    };
    if upstream.retry.tries > 1
        && let [server] = &*upstream.server
        && is_one(server)
    {
        let message = "a failed request goes to another server, and there is only one";
        let help = "leave `tries` out, or add a server";
        warnings.note(Problem::new(&at.key("tries"), message).help(help));
    }
}

fn no_time(at: &Place, retry: &file::Retry, warnings: &mut Problems) {
    let both = !retry.timeout.0.is_zero() && !retry.per_try_timeout.0.is_zero();
    if both && retry.per_try_timeout >= retry.timeout {
        let message = format!(
            "one try may take {}, and after {} there is no other",
            retry.per_try_timeout, retry.timeout
        );
        let help = "a `per_try_timeout` that fits into `timeout` at least twice";
        warnings.note(Problem::new(&at.key("per_try_timeout"), message).help(help));
    }
}
