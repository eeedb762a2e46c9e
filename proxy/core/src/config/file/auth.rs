//! `basic_auth`, `forward_auth` and `satisfy`: who may ask, by name.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

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
    /// What clients are told that they are to sign in to, with `$variables`.
    #[serde(default = "default_realm")]
    pub realm: String,
    /// Names and hashes of passwords, as `htpasswd` or `openssl passwd` write them: bcrypt, `$6$`,
    /// `$5$`, `$apr1$`, `$1$`, `{SSHA}`, `{SHA}`. It is read again when it changes.
    /// With `$variables` there can be a file for each of their values.
    pub users_file: String,
}

fn default_realm() -> String {
    // Says nothing about what is behind it.
    "restricted".to_owned()
}

/// Who may ask, by the word of a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ForwardAuth {
    /// `false`: no service is asked.
    Switch(bool),
    /// This one.
    With(ForwardAuthWith),
}

/// A service that is asked before each request whether it may go on (nginx's `auth_request`): by a GET
/// with the request's own headers, `X-Original-URI` and `X-Original-Method`. A status of 2xx lets it
/// on, 401 and 403 go to the client; whatever else comes, or does not come, refuses it with an error.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardAuthWith {
    /// The upstream's name.
    pub to: String,
    /// The path that is asked for.
    pub uri: String,
    /// Headers of its answer that the request has when it goes on, in place of any that the client
    /// sent of their names.
    #[serde(default)]
    pub copy: Vec<String>,
    /// Whether it may send clients elsewhere, to sign in for one: 301, 302, 303, 307 and 308 with a
    /// `Location` then go to the client, with its cookies.
    #[serde(default)]
    pub redirects: bool,
    /// For connecting, between two writes, and between two reads.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
}

fn default_timeout() -> Period {
    // A client waits for this and then for the answer itself.
    Period(std::time::Duration::from_secs(10))
}

/// Which of the things that say who may ask have to agree (nginx's `satisfy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Satisfy {
    /// The address, the name, and the word of the service.
    #[default]
    All,
    /// The address, if it is one that `allow` names, or else the name, or else the service.
    Any,
}
