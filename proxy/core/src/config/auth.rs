//! Who may ask, by name: from written to meant.

use std::path::PathBuf;

use settings::{Place, Problems};

use super::file;
use crate::basic_auth::challenge;

/// Who may ask, by name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// What asks for them: the value of WWW-Authenticate.
    pub challenge: String,
    /// Names and hashes of passwords.
    pub users_file: PathBuf,
}

/// What a site or route says, or else what holds `outside`.
pub(super) fn basic(
    written: Option<&file::BasicAuth>,
    outside: Option<&BasicAuth>,
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
    Some(BasicAuth {
        challenge: challenge(&with.realm),
        users_file: PathBuf::from(&with.users_file),
    })
}
