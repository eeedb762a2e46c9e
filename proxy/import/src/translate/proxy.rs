//! `proxy_pass` and `proxy_*`: how requests go to servers.

use super::Import;
use super::routes::{Pattern, Place};
use super::target::Target;
use crate::document::Value;
use crate::level::Level;
use crate::syntax::Directive;

type Pairs = Vec<(String, Value)>;

/// How requests of a route go to servers.
pub(super) struct Passed {
    pub(super) proxy: Value,
    /// nginx's `$proxy_host`, if it is the same for all.
    pub(super) host: Option<String>,
    pub(super) grpc: bool,
}

impl<'d> Import<'d> {
    pub(super) fn passed(&self, pass: &'d Directive, place: &Place<'_, 'd>) -> Option<Passed> {
        let (level, variables) = (&place.level, &place.variables);
        let target = self.target(pass, variables)?;
        let to = self.upstream(&target, level, variables)?;
        let mut pairs = vec![("to".to_owned(), Value::text(&to))];
        let uri = self.uri(pass, &target, place);
        if let Some(uri) = &uri {
            pairs.push(("uri".to_owned(), Value::text(uri)));
        }
        let host = target.map.is_none().then(|| target.proxy_host());
        let names_upstream = super::headers::names_upstream(level, target.grpc);
        let redirects = self.redirects(&target, (&to, uri.as_deref(), names_upstream), place);
        if !redirects.is_empty() {
            pairs.push(("redirect".to_owned(), Value::List(redirects)));
        }
        self.settings(&target, level, &mut pairs);
        Some(Passed {
            proxy: Value::Inline(pairs),
            host,
            grpc: target.grpc,
        })
    }

    /// What is asked for in place of what the client asks for.
    fn uri(&self, pass: &'d Directive, target: &Target, place: &Place<'_, 'd>) -> Option<String> {
        if target.uri.is_empty() {
            return None;
        }
        let rewrites = place.level.own("rewrite");
        if rewrites.iter().any(|rule| rule.has("break")) {
            let message =
                "after a rewrite the rewritten path is asked for, and its URI does not count";
            self.notes.info(pass, message, "");
            return None;
        }
        let uri = place.variables.text(&target.uri, pass, self.notes);
        if target.varies {
            // The same as what the client asks for.
            if uri == "$request_uri" {
                return None;
            }
            if !uri.contains('$') {
                let message = "with a variable in it nginx asks for the URI as it is; here it replaces the location's path";
                self.notes
                    .differs(pass, message, "leave `uri` out, or rewrite the path");
            }
        }
        let can_replace = matches!(place.pattern, Pattern::Exact(_) | Pattern::Prefix(..));
        (can_replace || uri.contains('$')).then_some(uri)
    }

    /// What becomes of URLs in Location. The edge has nginx's default where a URI replaces the path.
    fn redirects(
        &self,
        target: &Target,
        (to, uri, names_upstream): (&str, Option<&str>, bool),
        place: &Place<'_, 'd>,
    ) -> Vec<Value> {
        let pair = |from: String, to: String| {
            Value::inline([("from", Value::text(from)), ("to", Value::text(to))])
        };
        let mut redirects = Vec::new();
        if target.grpc || target.host.starts_with("unix:") {
            // gRPC has none, and nobody names a socket in a URL.
            return redirects;
        }
        let written = place.level.all("proxy_redirect");
        let is_off = written.iter().any(|one| one.first() == "off");
        let is_default = written.is_empty() || written.iter().any(|one| one.first() == "default");
        for directive in written {
            match directive.first() {
                "off" | "default" => {}
                from if from.starts_with('~') => {
                    let help = "name each beginning of a URL that is to be replaced";
                    self.notes.lost(
                        directive,
                        "URLs in Location are compared by their beginning",
                        help,
                    );
                }
                from => {
                    let text = |text: &str| place.variables.text(text, directive, self.notes);
                    redirects.push(pair(
                        text(from),
                        text(directive.word(1).unwrap_or_default()),
                    ));
                }
            }
        }
        let scheme = if target.tls { "https" } else { "http" };
        let origin = format!("{scheme}://{}", target.host);
        match uri {
            Some(uri) if is_off && !uri.contains('$') => {
                // The first that fits holds, so this leaves such URLs alone.
                let from = format!("http://{to}{uri}");
                redirects.push(pair(from.clone(), from));
            }
            Some(uri) if is_default && (target.tls || target.host != to) && !uri.contains('$') => {
                if let Pattern::Exact(path) | Pattern::Prefix(path, _) = &place.pattern {
                    redirects.push(pair(format!("{origin}{uri}"), path.clone()));
                }
            }
            None if is_default && names_upstream && target.map.is_none() => {
                redirects.push(pair(format!("{origin}/"), "/".to_owned()));
            }
            _ => {}
        }
        redirects
    }

    fn settings(&self, target: &Target, level: &Level<'d>, pairs: &mut Pairs) {
        let of = if target.grpc { "grpc" } else { "proxy" };
        for (name, key) in [
            ("connect_timeout", "connect_timeout"),
            ("send_timeout", "send_timeout"),
            ("read_timeout", "read_timeout"),
        ] {
            let directive = level.one(&format!("{of}_{name}"));
            let value = directive.and_then(|one| self.timeout(one));
            pairs.extend(value.map(|value| (key.to_owned(), value)));
        }
        let mut switch = |name: &str, key: &str, default: bool| {
            let written = level.one(&format!("{of}_{name}"));
            if let Some(written) = written
                && written.is_on() != default
            {
                pairs.push((key.to_owned(), Value::Switch(!default)));
            }
        };
        switch("buffering", "buffering", true);
        switch("request_buffering", "request_buffering", true);
        switch("ignore_client_abort", "ignore_client_abort", false);
        if let Some(size) = level.one("proxy_max_temp_file_size") {
            pairs.extend(
                self.size(size)
                    .map(|size| ("max_temp_file".to_owned(), size)),
            );
        }
        if let Some(version) = level.one("proxy_http_version")
            && version.first() == "2"
        {
            let help = "http = \"2\" in [upstream.NAME]";
            self.notes
                .lost(version, "the version of HTTP is the upstream's", help);
        }
        for shown in level.all("proxy_pass_header") {
            let name = shown.first();
            if matches!(name.to_ascii_lowercase().as_str(), "server" | "date") {
                let message = format!("`{name}` is the edge's own");
                self.notes.differs(shown, &message, "");
            }
        }
    }
}
