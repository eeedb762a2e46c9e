//! Who may ask, by name: from written to meant.

use std::time::Duration;

use settings::{Place, Problems};

use super::names::Names;
use super::{Proxy, To, checks, file, headers};
use crate::buffering::Buffering;
use crate::disk_path::DiskPath;
use crate::template::{Needs, Template};

/// Who may ask, by name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// What clients are told that they are to sign in to.
    pub realm: Template,
    /// Names and hashes of passwords.
    pub users_file: DiskPath,
}

impl BasicAuth {
    /// What its texts need.
    pub fn needs(&self) -> Needs {
        self.realm.needs().and(self.users_file.needs())
    }
}

/// What a site or route says, or else what holds `outside`.
pub(super) fn basic(
    written: Option<&file::BasicAuth>,
    (outside, names): (Option<&BasicAuth>, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<BasicAuth> {
    let with = match written {
        None => return outside.cloned(),
        Some(file::BasicAuth::Switch(false)) => return None,
        Some(file::BasicAuth::Switch(true)) => {
            problems.push_with_help(
                at,
                "`true` does not say who may ask",
                "{ users_file = \"/etc/hifate/users\" }",
            );
            return None;
        }
        Some(file::BasicAuth::With(with)) => with,
    };
    if with.realm.chars().any(char::is_control) {
        problems.push(&at.key("realm"), "contains a control character");
    }
    if with.users_file.is_empty() {
        problems.push_with_help(
            &at.key("users_file"),
            "there is no file of users",
            "`htpasswd -B -c /etc/hifate/users NAME` makes one",
        );
    }
    let realm = checks::template(&names.scope, &with.realm, &at.key("realm"), problems);
    let users = &with.users_file;
    Some(BasicAuth {
        realm: realm?,
        users_file: checks::disk_path(&names.scope, users, &at.key("users_file"), problems)?,
    })
}

/// Who may ask, by the word of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardAuth {
    /// Index of its upstream in [`Config::upstreams`](super::Config::upstreams).
    pub upstream: usize,
    /// The path that is asked for.
    pub uri: String,
    /// Headers of its answer that the request has when it goes on.
    pub copy: Vec<String>,
    /// Whether it may send clients elsewhere.
    pub redirects: bool,
    /// For connecting, between two writes, and between two reads.
    pub timeout: Duration,
}

impl ForwardAuth {
    /// How the service is asked.
    pub fn terms(&self) -> Proxy {
        Proxy {
            to: To::Fixed(self.upstream),
            uri: None,
            redirects: Vec::new(),
            connect_timeout: self.timeout,
            send_timeout: self.timeout,
            read_timeout: self.timeout,
            // Never needed: the question offers nothing to switch to.
            tunnel_timeout: self.timeout,
            buffering: Buffering {
                on: false,
                most_in_file: 0,
            },
            request_buffering: true,
            ignore_client_abort: false,
        }
    }
}

/// What a site or route says, or else what holds `outside`.
pub(super) fn forward(
    written: Option<&file::ForwardAuth>,
    (outside, names): (Option<&ForwardAuth>, &Names<'_>),
    at: &Place,
    problems: &mut Problems,
) -> Option<ForwardAuth> {
    let with = match written {
        None => return outside.cloned(),
        Some(file::ForwardAuth::Switch(false)) => return None,
        Some(file::ForwardAuth::Switch(true)) => {
            let help = "{ to = \"auth_service\", uri = \"/verify\" }";
            problems.push_with_help(at, "`true` does not say who is asked", help);
            return None;
        }
        Some(file::ForwardAuth::With(with)) => with,
    };
    let uri = at.key("uri");
    checks::path(&with.uri, &uri, problems);
    checks::one_word(&with.uri, &uri, problems);
    let copy = at.key("copy");
    for (index, name) in with.copy.iter().enumerate() {
        headers::check(name, &copy.index(index), problems);
        if name.eq_ignore_ascii_case("host") {
            problems.push(&copy.index(index), "the Host is the client's");
        }
    }
    let timeout = checks::timeout(with.timeout, &at.key("timeout"), problems);
    Some(ForwardAuth {
        upstream: names.upstream(&with.to, &at.key("to"), problems)?,
        uri: with.uri.clone(),
        copy: with.copy.clone(),
        redirects: with.redirects,
        timeout,
    })
}
