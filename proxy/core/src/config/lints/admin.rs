//! The operators' port has no password.

use std::net::SocketAddr;

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let listen = &config.admin.listen;
    let address: Option<SocketAddr> = listen.parse().ok();
    if address.is_some_and(|address| !address.ip().is_loopback()) {
        let message = "whoever reaches this port can drain servers and reload: it has no password";
        let help = "\"127.0.0.1:9180\", with a tunnel from elsewhere";
        let at = Place::root().key("admin").key("listen");
        warnings.note(Problem::new(&at, message).help(help));
    }
}
