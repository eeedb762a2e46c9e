//! `[[site.route]]`: what is done with requests.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Size;

use super::{
    AccessLog, BasicAuth, Cors, ErrorPage, Files, ForwardAuth, Forwarding, Headers, Hsts, Proxy,
    Redirect, Respond, Rewrite, RoutePath, Satisfy, When,
};

/// A route of a site, chosen by path as nginx chooses locations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "route"))]
pub struct Route {
    /// `"/x"` (prefix), `{ exact = "/x" }`, `{ regex = "..." }`,
    /// `{ prefix = "/x", before_regex = true }`, or `"@x"`: a name by which others send requests here.
    pub path: RoutePath,
    /// What it asks of a request besides its path.
    #[serde(default)]
    pub when: When,
    /// Whether only internal redirects (`X-Accel-Redirect`) come here; clients get 404.
    #[serde(default)]
    pub internal: bool,
    /// Overrides the site's.
    pub access_log: Option<AccessLog>,
    /// Overrides the site's.
    pub max_body: Option<Size>,
    /// Names of rate limits, in place of the site's.
    pub limits: Option<Vec<String>>,
    /// Who may ask; with `deny` in place of both of the site's.
    pub allow: Option<Vec<String>>,
    /// Who may not ask.
    pub deny: Option<Vec<String>>,
    /// Who may ask, by name and password, in place of the site's; `false`: nobody is asked.
    pub basic_auth: Option<BasicAuth>,
    /// Who may ask, by the word of a service, in place of the site's; `false`: none is asked.
    pub forward_auth: Option<ForwardAuth>,
    /// Overrides the site's.
    pub satisfy: Option<Satisfy>,
    /// In place of the site's; `false`: it is left to the servers.
    pub cors: Option<Cors>,
    /// In place of the site's; `false`: nothing is said.
    pub hsts: Option<Hsts>,
    /// Overrides the site's.
    pub security_headers: Option<bool>,
    /// Overrides the site's.
    pub forwarding: Option<Forwarding>,
    /// On top of the site's.
    #[serde(default)]
    pub request_headers: Headers,
    /// On top of the site's.
    #[serde(default)]
    pub response_headers: Headers,
    /// Requests whose path gets another.
    #[serde(default)]
    pub rewrite: Vec<Rewrite>,
    /// What clients get in place of answers with an error, by status; on top of the site's.
    #[serde(default)]
    pub error_page: BTreeMap<String, ErrorPage>,
    /// Overrides the site's.
    pub intercept_errors: Option<bool>,
    /// Overrides the site's.
    pub expires: Option<String>,
    /// Its requests go to an upstream.
    pub proxy: Option<Proxy>,
    /// Its clients are sent elsewhere.
    pub redirect: Option<Redirect>,
    /// They are answered as it says here.
    pub respond: Option<Respond>,
    /// They get files.
    pub files: Option<Files>,
    /// They get numbers of connections and requests, in the words of nginx's `stub_status`.
    #[serde(default)]
    pub status_page: bool,
    /// Routes inside of it, for paths that it would take. What they do not say themselves they have
    /// from it, what it does included.
    #[serde(default)]
    pub route: Vec<Self>,
}
