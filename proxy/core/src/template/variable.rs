//! The variables: nginx's, where it has one of the name, and a few of ours.

use std::sync::Arc;

use super::Map;
use super::Needs;

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// Of the answer and the exchange as a whole.
    Answer(Answer),
    /// Of the client's connection.
    Client(Client),
    /// Of the request's head.
    Request(Request),
    /// Of the edge.
    Server(Server),
    /// Of the client's TLS.
    Tls(Tls),
    /// Of the servers asked.
    Upstream(Upstream),
    /// `$arg_NAME`: an argument of the query.
    Arg(String),
    /// `$cookie_NAME`.
    Cookie(String),
    /// `$http_NAME`: a header of the request.
    Http(String),
    /// `$sent_http_NAME`: a header of the answer.
    SentHttp(String),
    /// `$upstream_http_NAME`: a header of the server's answer.
    UpstreamHttp(String),
    /// What a group of an expression found.
    Group(Groups, usize),
    /// A variable of the configuration's own.
    Map(Arc<Map>),
}

/// What an expression was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Groups {
    /// The host, by a site's name.
    Host,
    /// The path, by a route's expression; in a rule or a map whatever that looks at.
    Path,
}

/// Declares the variables without a parameter, each with its names in formats.
macro_rules! variables {
    ($($group:ident { $($variant:ident $($name:literal)|+),* $(,)? })*) => {
        $(
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub(super) enum $group { $($variant),* }
        )*

        const NAMES: &[(&str, Variable)] = &[
            $($($(($name, Variable::$group($group::$variant))),+),*),*
        ];
    };
}

variables! {
    Answer {
        BodyBytesSent "body_bytes_sent",
        BytesSent "bytes_sent",
        GzipRatio "gzip_ratio",
        LimitStatus "limit_req_status",
        Msec "msec",
        Reason "reason",
        RequestCompletion "request_completion",
        RequestId "request_id",
        RequestLength "request_length",
        RequestTime "request_time",
        Status "status",
        TimeIso8601 "time_iso8601",
        TimeLocal "time_local",
        TraceId "trace_id",
    }
    Client {
        Addr "remote_addr",
        BinaryAddr "binary_remote_addr",
        Connection "connection",
        ConnectionRequests "connection_requests",
        PeerAddr "realip_remote_addr",
        Pipe "pipe",
        Port "remote_port" | "realip_remote_port",
    }
    Request {
        Args "args" | "query_string",
        ContentLength "content_length",
        ContentType "content_type",
        ForwardedFor "proxy_add_x_forwarded_for",
        Host "host",
        IsArgs "is_args",
        Line "request",
        Method "request_method",
        Protocol "server_protocol",
        Target "request_uri",
        Uri "uri" | "document_uri",
        User "remote_user",
    }
    Server {
        Addr "server_addr",
        Hostname "hostname",
        Https "https",
        Pid "pid",
        Port "server_port",
        Route "route",
        Scheme "scheme",
        Site "server_name" | "site",
    }
    Tls {
        Alpn "ssl_alpn_protocol",
        Cipher "ssl_cipher",
        ClientCert "ssl_client_escaped_cert",
        ClientEnd "ssl_client_v_end",
        ClientFingerprint "ssl_client_fingerprint",
        ClientIssuer "ssl_client_i_dn",
        ClientSerial "ssl_client_serial",
        ClientStart "ssl_client_v_start",
        ClientSubject "ssl_client_s_dn",
        ClientVerify "ssl_client_verify",
        Curve "ssl_curve",
        Name "ssl_server_name",
        Protocol "ssl_protocol",
        Reused "ssl_session_reused",
    }
    Upstream {
        Addr "upstream_addr",
        BytesReceived "upstream_bytes_received",
        BytesSent "upstream_bytes_sent",
        ConnectTime "upstream_connect_time",
        HeaderTime "upstream_header_time",
        Name "upstream_name" | "proxy_host",
        ResponseLength "upstream_response_length",
        ResponseTime "upstream_response_time",
        Status "upstream_status",
    }
}

/// All names without a parameter, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

impl Variable {
    /// The variable of this name, if there is one.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some((_, plain)) = NAMES.iter().find(|(other, _)| *other == name) {
            return Some(plain.clone());
        }
        let parameter = |prefix| name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        let header = |rest: &str| rest.replace('_', "-");
        if let Some(rest) = parameter("arg_") {
            Some(Self::Arg(rest.to_owned()))
        } else if let Some(rest) = parameter("cookie_") {
            Some(Self::Cookie(rest.to_owned()))
        } else if let Some(rest) = parameter("http_") {
            Some(Self::Http(header(rest)))
        } else if let Some(rest) = parameter("sent_http_") {
            Some(Self::SentHttp(header(rest)))
        } else {
            Some(Self::UpstreamHttp(header(parameter("upstream_http_")?)))
        }
    }

    /// What it needs.
    pub(super) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        match self {
            Self::SentHttp(_) => needs.sent_head = true,
            Self::UpstreamHttp(_) => needs.upstream_head = true,
            Self::Upstream(Upstream::HeaderTime) => {
                needs.tries = true;
                needs.header_time = true;
            }
            Self::Upstream(_) => needs.tries = true,
            Self::Server(Server::Addr | Server::Port) => needs.server_addr = true,
            Self::Group(Groups::Path, _) => needs.path_groups = true,
            Self::Group(Groups::Host, _) => needs.host_groups = true,
            Self::Map(map) => needs = map.needs(),
            Self::Answer(_)
            | Self::Client(_)
            | Self::Request(_)
            | Self::Server(_)
            | Self::Tls(_)
            | Self::Arg(_)
            | Self::Cookie(_)
            | Self::Http(_) => {}
        }
        needs
    }
}
