//! `[[site]]`: what belongs together under one name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Size;

use super::{
    AccessLog, BasicAuth, Compress, Cors, ErrorPage, ForwardAuth, Forwarding, Gzip, Headers, Hsts,
    HttpsOnly, Rewrite, Route, Satisfy,
};

/// A site, chosen by host name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "site"))]
pub struct Site {
    /// Host names: `example.com`, `*.example.com`, `www.example.*`, `~` and a regular expression, or
    /// `_` for what no other site takes.
    #[serde(default)]
    pub names: Vec<String>,
    /// The addresses of the listeners that lead here; by default all.
    #[serde(default)]
    pub listen: Vec<String>,
    /// Where requests are logged; `false`: nowhere.
    #[serde(default)]
    pub access_log: AccessLog,
    /// The largest request body; 0: any.
    #[serde(default = "default_max_body")]
    pub max_body: Size,
    /// Compression by gzip alone; none if absent.
    pub gzip: Option<Gzip>,
    /// Compression by what the client likes best, in place of `gzip`.
    pub compress: Option<Compress>,
    /// Names of rate limits; all of them have to let a request pass.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Who may ask, by address; nobody else may if there are any. Of several networks that somebody is
    /// in the smallest counts.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Who may not ask, by address.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Who may ask, by name and password.
    pub basic_auth: Option<BasicAuth>,
    /// Who may ask, by the word of a service.
    pub forward_auth: Option<ForwardAuth>,
    /// Whether the address, the name and the service all have to agree, or one of them.
    #[serde(default)]
    pub satisfy: Satisfy,
    /// Which pages of other sites may read answers.
    pub cors: Option<Cors>,
    /// Whether clients that came without TLS are sent to the same address with it: `true`, or the port of
    /// HTTPS. Behind a load balancer it counts how they came to that (`client.trusted`).
    #[serde(default)]
    pub https_only: HttpsOnly,
    /// Whether browsers are to come by HTTPS only, from the first time on.
    pub hsts: Option<Hsts>,
    /// Whether answers that say nothing themselves forbid browsers to guess media types
    /// (`X-Content-Type-Options: nosniff`), to show them in frames of other sites
    /// (`X-Frame-Options: SAMEORIGIN`) and to tell other sites more than where their visitors come
    /// from (`Referrer-Policy: strict-origin-when-cross-origin`).
    #[serde(default)]
    pub security_headers: bool,
    /// Which headers tell servers who their client is.
    #[serde(default)]
    pub forwarding: Forwarding,
    /// Header lines of requests to servers.
    #[serde(default)]
    pub request_headers: Headers,
    /// Header lines of answers, whatever their status (nginx's `add_header ... always`).
    #[serde(default)]
    pub response_headers: Headers,
    /// Requests whose path gets another before a route is chosen.
    #[serde(default)]
    pub rewrite: Vec<Rewrite>,
    /// What clients get in place of answers with an error, by status: `"404"`, `"500 502"` or
    /// `"500-599"`.
    #[serde(default)]
    pub error_page: BTreeMap<String, ErrorPage>,
    /// Whether `error_page` is also for errors that servers answer with (nginx's
    /// `proxy_intercept_errors`).
    #[serde(default)]
    pub intercept_errors: bool,
    /// How long clients may keep answers: `"30d"`, `"max"`, `"epoch"` (not at all) or `"off"`
    /// (nginx's `expires`). A text with `$variables` may say another for each request.
    pub expires: Option<String>,
    /// Routes, chosen by path.
    #[serde(default)]
    pub route: Vec<Route>,
}

fn default_max_body() -> Size {
    // nginx's client_max_body_size.
    Size(1 << 20)
}
