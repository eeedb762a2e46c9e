//! What a route does with a request.

use settings::Period;

use super::{At, Explanation};
use crate::balance::Method;
use crate::config::{Action, Proxy, ProxyUri, Replacement, Respond, To, Upstream, UpstreamServer};
use crate::files::{Fallback, Files};

impl At<'_> {
    pub(super) fn say_action(&self, said: &mut Explanation) {
        match &self.route.action {
            Action::Proxy(proxy) => self.say_proxy(proxy, said),
            Action::Respond(respond) => said.push(("answer", self.respond(respond))),
            Action::Files(files) => self.say_files(files, said),
            Action::Status => said.push(("answer", "200, what stub_status says".to_owned())),
        }
    }

    fn respond(&self, respond: &Respond) -> String {
        let status = respond.status;
        match (&respond.location, &respond.content) {
            _ if status == 444 => "the connection is closed without one (444)".to_owned(),
            (Some(location), _) => format!("{status} to {}", self.text(location)),
            (None, Some((kind, text))) => format!("{status}, {kind}: {}", self.text(text)),
            (None, None) => format!("{status}, with the edge's own page if it has one"),
        }
    }

    fn say_proxy(&self, proxy: &Proxy, said: &mut Explanation) {
        let upstreams = &self.case.config.upstreams;
        let upstream = match &proxy.to {
            To::Fixed(index) => upstreams.get(*index),
            To::By(text) => {
                let name = self.text(text);
                let found = upstreams.iter().find(|upstream| upstream.name == name);
                if found.is_none() {
                    said.push(("refused", format!("502: there is no upstream `{name}`")));
                }
                found
            }
        };
        let Some(upstream) = upstream else {
            return;
        };
        let target = self.asked_for(proxy);
        said.push(("upstream", self.upstream(upstream)));
        for server in &upstream.servers {
            said.push(("server", describe(server)));
        }
        said.push(("asked for", target));
        let [connect, send, read, tunnel] = [
            proxy.connect_timeout,
            proxy.send_timeout,
            proxy.read_timeout,
            proxy.tunnel_timeout,
        ]
        .map(Period);
        said.push((
            "timeouts",
            format!("connect {connect}, send {send}, read {read}; of a tunnel {tunnel}"),
        ));
        said.push(("retries", retries(upstream)));
        said.push((
            "buffering",
            format!(
                "the request {}; of the answer {}",
                if proxy.request_buffering {
                    "is read to its end first"
                } else {
                    "is passed on as it comes"
                },
                if proxy.buffering.on {
                    "waits here what a slow client has not taken"
                } else {
                    "nothing waits here"
                }
            ),
        ));
    }

    fn asked_for(&self, proxy: &Proxy) -> String {
        let asked = self.head.target;
        let uri = proxy.uri.as_ref().filter(|_| !self.sent);
        let Some(uri) = uri else {
            return format!("{asked} (as it came)");
        };
        let target = uri.apply((self.path, asked), |text| self.bytes(text));
        match (uri, target) {
            (ProxyUri::Fixed(Replacement { of, with }), Some(target)) => {
                format!("{target} ({with} in place of {of})")
            }
            (ProxyUri::By(_), Some(target)) => target,
            (_, None) => "nothing: what its variables come to is no path".to_owned(),
        }
    }

    fn upstream(&self, upstream: &Upstream) -> String {
        let method = match upstream.method {
            Method::RoundRobin => "in turn, by weight".to_owned(),
            Method::LeastConn => "the least busy".to_owned(),
            Method::IpHash => "by the client's address".to_owned(),
            Method::Hash { .. } => match &upstream.key {
                Some(key) => format!("by the key {:?}", self.text(key)),
                None => "by a key".to_owned(),
            },
            Method::RandomTwo => "the less busy of two".to_owned(),
            Method::PeakEwma => "the quicker of two".to_owned(),
        };
        format!("{}, {method}", upstream.name)
    }

    fn say_files(&self, files: &Files, said: &mut Explanation) {
        said.push(("files", self.disk_path(files.directory())));
        let directory = files.directory().of(|text| self.bytes(text));
        for candidate in &files.candidates {
            let path = self.text(&candidate.path);
            let kind = if candidate.directory { "/" } else { "" };
            let located = directory.as_deref();
            let located = located.and_then(|root| files.locate(root, path.as_bytes()));
            let file = match located {
                Some(file) => format!("{}{kind}", file.display()),
                None => format!("{path}{kind} is no path below"),
            };
            said.push(("tried", file));
        }
        let fallback = match &files.fallback {
            Fallback::Status(status) => status.to_string(),
            Fallback::Go(to) => format!("on with {}", self.destination(to)),
        };
        said.push(("else", fallback));
    }
}

fn describe(server: &UpstreamServer) -> String {
    let settings = &server.settings;
    let mut parts = vec![
        server.address.to_string(),
        format!("weight {}", settings.weight),
    ];
    if settings.backup {
        parts.push("backup".to_owned());
    }
    if settings.down {
        parts.push("down".to_owned());
    }
    if settings.max_fails > 0 {
        let window = Period(settings.fail_timeout);
        parts.push(format!(
            "out after {} failures in {window}",
            settings.max_fails
        ));
    }
    parts.join(", ")
}

fn retries(upstream: &Upstream) -> String {
    let policy = &upstream.retry;
    if policy.on.is_empty() {
        return "none".to_owned();
    }
    let on: Vec<_> = policy.on.iter().map(ToString::to_string).collect();
    let tries = policy.tries.map(|tries| format!("up to {tries} servers"));
    let timeout = policy
        .timeout
        .map(|timeout| format!(" within {}", Period(timeout)));
    format!(
        "{}{}, after {}",
        tries.unwrap_or_else(|| "each server once".to_owned()),
        timeout.unwrap_or_default(),
        on.join(", ")
    )
}
