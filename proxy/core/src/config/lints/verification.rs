//! TLS to a server that may be anybody.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, _, upstream) in super::upstreams(config) {
        let verify = upstream.tls.as_ref().and_then(|tls| tls.verify);
        if verify == Some(false) {
            let message = "the servers' certificates are not verified, so whoever is in between can be \
                           the server and read everything";
            let help = "verify = true, with `ca` for an authority of your own and `server_name` for \
                        the name in the certificate";
            warnings.note(Problem::new(&at.key("tls").key("verify"), message).help(help));
        }
    }
}
