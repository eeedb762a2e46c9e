//! Where a prefix ends in a slash and what replaces it does not, or the other way round, the rest of
//! the path is joined without a slash, or with two.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, route) in super::all_routes(config) {
        let uri = route.proxy.as_ref().and_then(|proxy| proxy.uri.as_ref());
        let (Some(prefix), Some(uri)) = (super::prefix(&route.path), uri) else {
            continue;
        };
        if prefix.ends_with('/') == uri.ends_with('/') {
            continue;
        }
        let rest = if prefix.ends_with('/') { "x" } else { "/x" };
        let (asked, sent) = (format!("{prefix}{rest}"), format!("{uri}{rest}"));
        let message =
            format!("the server is asked for `{sent}` where the client asks for `{asked}`");
        let help = "what replaces a prefix ends in a slash exactly where the prefix does";
        warnings.note(Problem::new(&at.key("proxy").key("uri"), message).help(help));
    }
}
