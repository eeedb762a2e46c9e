//! Certificates that cannot be ordered, or that nobody wants.

use settings::{Place, Problem, Problems};

use super::file::{self, AcmeChallenge};

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let Some(acme) = &config.acme else {
        return;
    };
    let tls = config.listener.iter().filter_map(|one| one.tls.as_ref());
    let mut certificates = tls.flat_map(|tls| &tls.certificates);
    if !certificates.any(|certificate| certificate.acme.is_some()) {
        let message = "no listener has a certificate that would be ordered";
        let help = "certificates = [{ acme = [\"example.com\"] }]";
        warnings.note(Problem::new(&Place::root().key("acme"), message).help(help));
        return;
    }
    let is_plain = |listener: &file::Listener| listener.tls.is_none();
    if acme.challenge == AcmeChallenge::Http01 && !config.listener.iter().any(is_plain) {
        let message = "the authority asks on port 80 without TLS, and no listener is without it";
        let help = "a [[listener]] with address = \"0.0.0.0:80\", or challenge = \"tls-alpn-01\"";
        warnings.note(Problem::new(&Place::root().key("acme"), message).help(help));
    }
}
