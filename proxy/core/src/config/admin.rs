//! `[admin]`, from written to meant.

use std::net::SocketAddr;
use std::path::PathBuf;

use settings::{Place, Problems};

use super::{checks, file};

/// The port for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Names by which it is known, besides addresses and `localhost`.
    pub names: Vec<String>,
    /// The file with the token that changes ask for; there is one unless `listen` is loopback.
    pub token_file: Option<PathBuf>,
    /// The file with changes that outlive a restart.
    pub state_file: Option<PathBuf>,
    /// Where the VIP daemon of this machine answers its operators.
    pub vip: SocketAddr,
}

impl Admin {
    /// Whether reading asks for the token as well: off this machine, what servers there are is
    /// nobody's business.
    pub fn is_private(&self) -> bool {
        !self.listen.ip().is_loopback()
    }
}

pub(super) fn meant(written: &file::Admin, problems: &mut Problems) -> Option<Admin> {
    let at = Place::root().key("admin");
    let listen = checks::address(&written.listen, &at.key("listen"), problems);
    let vip = checks::address(&written.vip, &at.key("vip"), problems);
    for (index, name) in written.names.iter().enumerate() {
        if !checks::is_host_name(name) {
            let message = format!("`{name}` is not a host name without a port");
            problems.push(&at.key("names").index(index), message);
        }
    }
    let token_file = written.token_file.as_ref().map(PathBuf::from);
    let admin = Admin {
        listen: listen?,
        names: written.names.clone(),
        token_file,
        state_file: written.state_file.as_ref().map(PathBuf::from),
        vip: vip?,
    };
    if admin.is_private() && admin.token_file.is_none() {
        problems.push_with_help(
            &at.key("listen"),
            "whoever reaches this port can drain servers and reload: it needs a token",
            "token_file = \"/etc/hifate/admin.token\", or listen = \"127.0.0.1:9180\"",
        );
    }
    Some(admin)
}
