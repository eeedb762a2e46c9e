//! `[[listener]]`: where clients connect.

mod tls;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

pub(in crate::config) use self::tls::default_lifetime;
pub use self::tls::{
    CipherSuite, ClientAuth, ListenerCertificate, ListenerTls, Tickets, TicketsWith, TlsVersion,
};

/// Where clients connect.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "listener"))]
pub struct Listener {
    /// Address and port, such as `0.0.0.0:80` or `[::]:80`, or a Unix socket: `unix:/run/x.sock`.
    pub address: String,
    /// Connections the kernel holds while the workers are busy; it holds no more than
    /// `net.core.somaxconn`.
    #[serde(default = "default_backlog")]
    pub backlog: u32,
    /// Whether an IPv6 address takes IPv6 clients only; `true` if absent, as in nginx.
    pub ipv6_only: Option<bool>,
    /// Whether HTTP/2 is spoken with clients that begin with it (prior knowledge, h2c), or with TLS, that
    /// want it (ALPN); HTTP/1 is spoken with all others on the same port.
    #[serde(default = "default_http2")]
    pub http2: bool,
    /// Whether the kernel probes silent connections, so that those whose client has vanished end.
    #[serde(default)]
    pub keepalive: Keepalive,
    /// Who may connect to a Unix socket, as in chmod: `"0660"`. Anybody if absent, as in nginx.
    pub mode: Option<String>,
    /// Whether connections begin with a PROXY protocol header (version 1 or 2), which names the
    /// client that a load balancer has passed on.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Whether clients speak TLS here (https).
    pub tls: Option<ListenerTls>,
}

fn default_backlog() -> u32 {
    // nginx's on Linux.
    511
}

fn default_http2() -> bool {
    // An HTTP/1 client cannot mean it, so it takes nothing from anybody.
    true
}

/// Probes of silent connections (nginx's `so_keepalive`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Keepalive {
    /// `false`: none; `true`: as the kernel is set up (`net.ipv4.tcp_keepalive_*`).
    Switch(bool),
    /// When and how often.
    Set(KeepaliveProbes),
}

impl Default for Keepalive {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// When silent connections are probed; what is absent is as the kernel is set up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepaliveProbes {
    /// Silence before the first probe.
    pub idle: Option<Period>,
    /// From one probe to the next.
    pub interval: Option<Period>,
    /// Unanswered probes that end a connection.
    pub probes: Option<u32>,
}

/// From whom PROXY protocol headers are taken. Connections of all others are closed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyProtocol {
    /// Addresses and networks of the load balancers; `unix:` for Unix sockets.
    pub from: Vec<String>,
    /// For the whole header, from the beginning of the connection.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
}

fn default_timeout() -> Period {
    // A load balancer sends it at once; 5 s is a lost packet and its repetitions.
    Period(std::time::Duration::from_secs(5))
}
