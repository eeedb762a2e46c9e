//! W3C Trace Context: which trace a request belongs to, passed on to the server.
//!
//! <https://www.w3.org/TR/trace-context/>. A valid `traceparent` is continued: the same trace, with
//! the edge's own span as the server's parent. Otherwise a new trace begins here. `tracestate` goes
//! on only with the `traceparent` it belongs to.

use std::fmt;

use crate::http::{Headers, Name};

/// An identifier, shown as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id<const N: usize>([u8; N]);

/// The trace a request belongs to, and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The trace.
    pub trace_id: Id<32>,
    /// The span of the edge's own work, which becomes the server's parent.
    pub span_id: Id<16>,
    /// The span of whoever sent the request, if it said so.
    pub parent: Option<Id<16>>,
    /// Whether spans are recorded.
    pub sampled: bool,
    /// Whether the trace's id is known to be random (level 2 of the specification).
    random: bool,
}

/// Chance, drawn outside: this module has none of its own.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// For a trace that begins here.
    pub trace: u128,
    /// For the edge's span.
    pub span: u64,
    /// Whether a trace that begins here is recorded.
    pub sampled: bool,
}

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// The most members a `tracestate` may have, and the most that is passed on of one.
const MOST_MEMBERS: usize = 32;
const LONGEST_STATE: usize = 1024;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl<const N: usize> Id<N> {
    /// The last `N` digits of a number. Zero is no id, so it becomes one.
    fn of(number: u128) -> Self {
        let mut digits = [b'0'; N];
        let mut rest = number;
        for eight in digits.rchunks_exact_mut(8) {
            eight.copy_from_slice(&eight_digits(
                u32::try_from(rest & 0xffff_ffff).unwrap_or_default(),
            ));
            rest >>= 32;
        }
        if digits == [b'0'; N]
            && let Some(last) = digits.last_mut()
        {
            *last = b'1';
        }
        Self(digits)
    }

    /// Reads `N` lower-case digits that are not all zero.
    fn read(digits: &[u8]) -> Option<Self> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let valid = digits.iter().all(is_digit) && digits.iter().any(|digit| *digit != b'0');
        Some(Self(digits.try_into().ok().filter(|_| valid)?))
    }

    /// The number that its digits write, big end first.
    pub fn to_bytes(self) -> Vec<u8> {
        let pairs = self.0.chunks_exact(2);
        pairs.map(|pair| hex(pair).unwrap_or_default()).collect()
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Debug for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The digits of a number, all at once: every request has three identifiers.
fn eight_digits(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A digit's value to each byte, halving the distance twice and then splitting the bytes.
    let mut spread = u64::from(number);
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Six more make 16 of what is to be a letter.
    let letters = ((spread + ONES * 6) >> 4) & ONES;
    let digits = spread + ONES * u64::from(b'0') + letters * u64::from(b'a' - b'9' - 1);
    digits.to_be_bytes()
}

/// An identifier of 128 random bits, such as a request's (nginx's `$request_id`).
pub fn request_id(random: u128) -> Id<32> {
    Id::of(random)
}

/// An identifier of 64 random bits, such as a span's.
pub fn span_id(random: u64) -> Id<16> {
    Id::of(u128::from(random))
}

impl Trace {
    /// The trace of a request with these headers.
    pub fn of(headers: &Headers<'_>, drawn: Drawn) -> Self {
        let span_id = span_id(drawn.span);
        match only(headers, Name::Traceparent).and_then(parent) {
            Some((trace_id, parent, flags)) => Self {
                trace_id,
                span_id,
                parent: Some(parent),
                sampled: flags & 1 == 1,
                random: flags & 2 == 2,
            },
            None => Self {
                trace_id: Id::of(drawn.trace),
                span_id,
                parent: None,
                sampled: drawn.sampled,
                random: true,
            },
        }
    }

    /// Writes the header lines for the server: `traceparent`, and the client's `tracestate` if it
    /// belongs to the same trace and is well formed. `span` is the sender's.
    pub fn write(&self, out: &mut Vec<u8>, span: &Id<16>, headers: &Headers<'_>) {
        out.extend_from_slice(b"traceparent: 00-");
        out.extend_from_slice(&self.trace_id.0);
        out.push(b'-');
        out.extend_from_slice(&span.0);
        out.extend_from_slice(b"-0");
        let flags = usize::from(self.sampled) + 2 * usize::from(self.random);
        out.extend(DIGITS.get(flags));
        out.extend_from_slice(b"\r\n");
        if self.parent.is_some() && has_valid_state(headers) {
            write_state(out, headers);
        }
    }
}

/// The value of a header that must stand there once.
fn only<'b>(headers: &Headers<'b>, name: Name) -> Option<&'b [u8]> {
    let mut found = headers.all(name);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Reads a `traceparent` (§3.2.2). Later versions may append fields, which are passed over.
fn parent(value: &[u8]) -> Option<(Id<32>, Id<16>, u8)> {
    let (known, more) = value.split_at_checked(LENGTH)?;
    let (version, rest) = known.split_at_checked(2)?;
    let has_more = !more.is_empty();
    if hex(version)? == 0xff
        || (version == b"00" && has_more)
        || (has_more && !more.starts_with(b"-"))
    {
        return None;
    }
    let mut fields = rest.split(|byte| *byte == b'-').skip(1);
    let trace_id = Id::read(fields.next()?)?;
    let parent = Id::read(fields.next()?)?;
    let flags = hex(fields.next()?)?;
    fields.next().is_none().then_some((trace_id, parent, flags))
}

/// Two lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else {
        return None;
    };
    let value = |digit: u8| {
        let place = DIGITS.iter().position(|other| *other == digit)?;
        u8::try_from(place).ok()
    };
    Some(value(high)? * 16 + value(low)?)
}

fn states<'b>(headers: &Headers<'b>) -> impl Iterator<Item = &'b [u8]> {
    headers
        .all(Name::Tracestate)
        .filter(|value| !value.is_empty())
}

/// Whether all `tracestate` lines together are a list of `key=value` (§3.3.1). One member too many,
/// or a malformed one, discards the whole.
fn has_valid_state(headers: &Headers<'_>) -> bool {
    let mut members = 0;
    let mut length = 0;
    for value in states(headers) {
        length += value.len() + 1;
        for member in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // Empty members are allowed, and count for nothing.
            if member.is_empty() {
                continue;
            }
            members += 1;
            if !is_member(member) {
                return false;
            }
        }
    }
    (1..=MOST_MEMBERS).contains(&members) && length <= LONGEST_STATE
}

fn is_member(member: &[u8]) -> bool {
    let Some(at) = member.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let (key, value) = member.split_at(at);
    let value = value.get(1..).unwrap_or_default();
    let in_key =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(byte);
    let in_value = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b',' && *byte != b'=';
    let starts_well = |first: &u8| first.is_ascii_lowercase() || first.is_ascii_digit();
    key.first().is_some_and(starts_well)
        && key.len() <= 256
        && key.iter().all(in_key)
        && !value.is_empty()
        && value.len() <= 256
        && value.iter().all(in_value)
}

/// Several lines are one list (RFC 9110 §5.3).
fn write_state(out: &mut Vec<u8>, headers: &Headers<'_>) {
    out.extend_from_slice(b"tracestate: ");
    for (index, value) in states(headers).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(value);
    }
    out.extend_from_slice(b"\r\n");
}

/// A client's `X-Request-ID` that is fit to be passed on: short, and nothing that a log or a shell
/// could take for something else.
pub fn sane_request_id<'b>(headers: &Headers<'b>) -> Option<&'b [u8]> {
    let in_id = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+=/@".contains(byte);
    only(headers, Name::XRequestId)
        .filter(|id| (1..=128).contains(&id.len()) && id.iter().all(in_id))
}

#[cfg(test)]
mod tests;
