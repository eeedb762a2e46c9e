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
        // Of a length that the compiler knows, a comparison is a few instructions.
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let first = name.bytes().next().map(|byte| byte.to_ascii_lowercase());
        match (name.len(), first.unwrap_or_default()) {
            (2, b't') if is("te") => Self::Te,
            (4, b'h') if is("host") => Self::Host,
            (4, b'd') if is("date") => Self::Date,
            (4, b'e') if is("etag") => Self::Etag,
            (4, b'v') if is("vary") => Self::Vary,
            (5, b'x') if is("x-pad") => Self::XPad,
            (6, b'e') if is("expect") => Self::Expect,
            (6, b's') if is("server") => Self::Server,
            (7, b'u') if is("upgrade") => Self::Upgrade,
            (7, b't') if is("trailer") => Self::Trailer,
            (8, b'l') if is("location") => Self::Location,
            (9, b'x') if is("x-real-ip") => Self::XRealIp,
            (10, b't') if is("tracestate") => Self::Tracestate,
            (10, b'c') if is("connection") => Self::Connection,
            (10, b'k') if is("keep-alive") => Self::KeepAlive,
            (11, b't') if is("traceparent") => Self::Traceparent,
            (12, b'x') if is("x-request-id") => Self::XRequestId,
            (12, b'c') if is("content-type") => Self::ContentType,
            (13, b'c') if is("cache-control") => Self::CacheControl,
            (13, b'a') if is("accept-ranges") => Self::AcceptRanges,
            (14, b'h') if is("http2-settings") => Self::Http2Settings,
            (14, b'c') if is("content-length") => Self::ContentLength,
            (15, b'a') if is("accept-encoding") => Self::AcceptEncoding,
            (15, b'x') if is("x-forwarded-for") => Self::XForwardedFor,
            (16, b'c') if is("content-encoding") => Self::ContentEncoding,
            (16, b'p') if is("proxy-connection") => Self::ProxyConnection,
            (17, b't') if is("transfer-encoding") => Self::TransferEncoding,
            (17, b'x') if is("x-accel-buffering") => Self::XAccelBuffering,
            (17, b'x') if is("x-forwarded-proto") => Self::XForwardedProto,
            (8.., b'x')
                if name
                    .get(..8)
                    .is_some_and(|start| start.eq_ignore_ascii_case("x-accel-")) =>
            {
                Self::XAccelOther
            }
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_recognised_whatever_their_case() {
        for (name, meaning) in [
            ("TE", Name::Te),
            ("Host", Name::Host),
            ("X-Accel-Buffering", Name::XAccelBuffering),
            ("x-forwarded-PROTO", Name::XForwardedProto),
            ("X-Accel-Redirect", Name::XAccelOther),
            ("X-Accel-Bufferinx", Name::XAccelOther),
            ("traceparent", Name::Traceparent),
            ("X-Forwarded-Fox", Name::Other),
            ("Hose", Name::Other),
            ("é-accel-x", Name::Other),
            ("", Name::Other),
        ] {
            assert_eq!(Name::of(name), meaning, "{name}");
        }
    }
}
