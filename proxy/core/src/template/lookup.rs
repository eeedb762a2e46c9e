//! Finding a value by a name that the format gives: headers, arguments, cookies, the user.

use std::borrow::Cow;

use crate::basic_auth::Credentials;
use crate::http::RequestHead;

/// A value, if it is there.
pub(crate) type Value<'a> = Option<Cow<'a, [u8]>>;

/// All values of a request's header, joined as nginx joins them since 1.23.
pub(crate) fn request_header<'a>(head: &'a RequestHead<'_>, name: &str) -> Value<'a> {
    let values = head
        .headers
        .iter()
        .filter(|line| line.raw_name.eq_ignore_ascii_case(name))
        .map(|line| line.value);
    // RFC 6265 §5.4: cookies are the one list that is not joined by commas.
    let separator = if name == "cookie" { b"; " } else { b", " };
    join(values, separator)
}

/// All values of a header in a response head as it was sent or received.
pub(super) fn raw_header<'a>(head: &'a [u8], name: &str) -> Value<'a> {
    let values = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        found
            .eq_ignore_ascii_case(name.as_bytes())
            .then(|| value.trim_ascii())
    });
    join(values, b", ")
}

fn join<'a>(mut values: impl Iterator<Item = &'a [u8]>, separator: &[u8]) -> Value<'a> {
    let mut joined = Cow::Borrowed(values.next()?);
    for value in values {
        let joined = joined.to_mut();
        joined.extend_from_slice(separator);
        joined.extend_from_slice(value);
    }
    Some(joined)
}

/// The value of a query argument, as sent (`ngx_http_arg`).
pub(crate) fn argument<'a>(query: &'a str, name: &str) -> Option<&'a [u8]> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.eq_ignore_ascii_case(name).then_some(value.as_bytes())
    })
}

/// The value of a cookie (`ngx_http_parse_multi_header_lines`).
pub(crate) fn cookie<'a>(head: &'a RequestHead<'_>, name: &str) -> Option<&'a [u8]> {
    let lines = head
        .headers
        .iter()
        .filter(|line| line.raw_name.eq_ignore_ascii_case("cookie"));
    lines
        .flat_map(|line| line.value.split(|byte| matches!(byte, b';' | b',')))
        .find_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (key, value) = pair.split_at(at);
            let value = value.get(1..)?.trim_ascii();
            key.trim_ascii()
                .eq_ignore_ascii_case(name.as_bytes())
                .then_some(value)
        })
}

/// The user name of `Authorization: Basic`, whether or not anybody checks it.
pub(super) fn remote_user(head: &RequestHead<'_>) -> Option<Vec<u8>> {
    Credentials::of(head).map(|credentials| credentials.user)
}
