//! HTTPS that nobody can come by.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    // A proxy in front may speak it.
    if !config.client.trusted.is_empty() {
        return;
    }
    for (at, site) in super::sites(config) {
        let leads_here = |listener: &&file::Listener| {
            site.listen.is_empty() || site.listen.contains(&listener.address)
        };
        let mut listeners = config.listener.iter().filter(leads_here);
        if listeners.any(|listener| listener.tls.is_some()) {
            continue;
        }
        if matches!(site.https_only, file::HttpsOnly::Switch(true)) {
            let message = "no listener that leads here speaks TLS, so all requests are sent to where \
                           nobody may be";
            let help = "`tls` for a listener, `client.trusted` if a load balancer speaks it, or the \
                        port of another server";
            warnings.note(Problem::new(&at.key("https_only"), message).help(help));
        }
        let says_hsts = !matches!(&site.hsts, None | Some(file::Hsts::Switch(false)));
        if says_hsts {
            let message = "it is only said to who comes by HTTPS, and no listener that leads here \
                           speaks TLS";
            let help = "`tls` for a listener, or `client.trusted` if a load balancer speaks it";
            warnings.note(Problem::new(&at.key("hsts"), message).help(help));
        }
    }
}
