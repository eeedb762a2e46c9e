//! The header names that mean something to the edge.

/// A header the edge acts upon, or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the header of that name")]
pub enum Name {
    AcceptEncoding,
    AcceptRanges,
    CacheControl,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentType,
    Date,
    Etag,
    Expect,
    Host,
    Http2Settings,
    KeepAlive,
    Location,
    Other,
    ProxyConnection,
    Server,
    Te,
    Traceparent,
    Tracestate,
    Trailer,
    TransferEncoding,
    Upgrade,
    Vary,
    XAccelBuffering,
    XAccelOther,
    XForwardedFor,
    XForwardedProto,
    XPad,
    XRealIp,
    XRequestId,
}

impl Name {
    /// Recognises a name, whatever its case.
    pub fn of(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            2 if is("te") => Self::Te,
            4 => match () {
                () if is("host") => Self::Host,
                () if is("date") => Self::Date,
                () if is("etag") => Self::Etag,
                () if is("vary") => Self::Vary,
                () => Self::Other,
            },
            5 if is("x-pad") => Self::XPad,
            6 if is("expect") => Self::Expect,
            6 if is("server") => Self::Server,
            7 if is("upgrade") => Self::Upgrade,
            7 if is("trailer") => Self::Trailer,
            8 if is("location") => Self::Location,
            9 if is("x-real-ip") => Self::XRealIp,
            10 if is("tracestate") => Self::Tracestate,
            11 if is("traceparent") => Self::Traceparent,
            10 if is("connection") => Self::Connection,
            10 if is("keep-alive") => Self::KeepAlive,
            12 if is("x-request-id") => Self::XRequestId,
            12 if is("content-type") => Self::ContentType,
            13 if is("cache-control") => Self::CacheControl,
            13 if is("accept-ranges") => Self::AcceptRanges,
            14 if is("http2-settings") => Self::Http2Settings,
            14 if is("content-length") => Self::ContentLength,
            15 if is("accept-encoding") => Self::AcceptEncoding,
            15 if is("x-forwarded-for") => Self::XForwardedFor,
            16 if is("content-encoding") => Self::ContentEncoding,
            16 if is("proxy-connection") => Self::ProxyConnection,
            17 if is("transfer-encoding") => Self::TransferEncoding,
            17 if is("x-accel-buffering") => Self::XAccelBuffering,
            17 if is("x-forwarded-proto") => Self::XForwardedProto,
            _ if name
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case("x-accel-")) =>
            {
                Self::XAccelOther
            }
            _ => Self::Other,
        }
    }
}
