//! `basic_auth` and `satisfy`: who may ask, by name.

use schemars::JsonSchema;
use serde::Deserialize;

/// Who may ask, by name and password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BasicAuth {
    /// `false`: whoever the site lets in need not say who they are.
    Switch(bool),
    /// Those of a file.
    With(BasicAuthWith),
}

/// The names and passwords of a file (nginx's `auth_basic` and `auth_basic_user_file`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicAuthWith {
    /// What clients are told that they are to sign in to.
    #[serde(default = "default_realm")]
    pub realm: String,
    /// Names and hashes of passwords, as `htpasswd` or `openssl passwd` write them: bcrypt, `$6$`,
    /// `$5$`, `$apr1$`, `$1$`, `{SSHA}`, `{SHA}`. It is read again when it changes.
    pub users_file: String,
}

fn default_realm() -> String {
    // Says nothing about what is behind it.
    "restricted".to_owned()
}

/// Which of the things that say who may ask have to agree (nginx's `satisfy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Satisfy {
    /// The address and the name.
    #[default]
    All,
    /// The address, if it is one that `allow` names, or else the name.
    Any,
}
