//! `hifate-edge explain`: what would become of a request.

use std::net::{IpAddr, Ipv4Addr};

use edge_core::address::Address;
use edge_core::config::Listener;
use edge_core::explain::{Question, explain};
use edge_core::http::RequestHead;

use super::ConfigFile;
use crate::control::load;

/// The request that is asked about.
#[derive(Debug, clap::Args)]
pub(super) struct Request {
    #[command(flatten)]
    config: ConfigFile,
    /// A URL, or a path.
    #[arg(value_name = "URL")]
    url: String,
    /// The method.
    #[arg(
        long = "request",
        short = 'X',
        value_name = "METHOD",
        default_value = "GET"
    )]
    method: String,
    /// A header line of the request; may be given more than once.
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The client's address.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    from: IpAddr,
    /// The listener by which the request comes, as it is configured; by default the one with the
    /// URL's port, or the first.
    #[arg(long, value_name = "ADDRESS")]
    listener: Option<String>,
}

/// Says what the configuration makes of a request.
pub(super) fn run(request: &Request) -> Result<String, String> {
    let loaded = load::load(&request.config.config).map_err(|report| report.to_string())?;
    let config = loaded.config;
    let url = Url::parse(&request.url)?;
    let listener = listener(request, &url, &config.listeners)?;
    let head = head(request, &url);
    let head =
        RequestHead::parse_within(head.as_bytes(), &config.client.head).map_err(|reason| {
            let (status, code) = (reason.status, reason.code);
            format!(
                "the edge would refuse it: {status} {code}: {}",
                reason.meaning
            )
        })?;
    let client = request.from.to_string();
    let said = explain(
        &config,
        &Question {
            listener: &listener.address,
            head: &head,
            client: (request.from, &client),
            scheme: "http",
        },
    );
    let width = said.iter().map(|(title, _)| title.len()).max();
    let width = width.unwrap_or_default();
    let lines = said
        .iter()
        .map(|(title, text)| format!("{title:width$}  {text}"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The parts of a URL that a request shows.
struct Url<'u> {
    authority: Option<&'u str>,
    port: u16,
    target: String,
}

impl<'u> Url<'u> {
    fn parse(url: &'u str) -> Result<Self, String> {
        let (default, rest) = match url.split_once("://") {
            Some(("http", rest)) => (80, rest),
            Some(("https", rest)) => (443, rest),
            Some((scheme, _)) => return Err(format!("`{scheme}` is neither http nor https")),
            None if url.starts_with('/') => {
                return Ok(Self {
                    authority: None,
                    port: 80,
                    target: url.to_owned(),
                });
            }
            None => {
                return Err(format!(
                    "`{url}` is neither a URL nor a path: \"http://{url}\""
                ));
            }
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let target = target.split('#').next().unwrap_or_default();
        let slash = if target.starts_with('/') { "" } else { "/" };
        let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
        Ok(Self {
            authority: Some(authority),
            port: match port {
                Some(Ok(port)) => port,
                Some(Err(_)) | None => default,
            },
            target: format!("{slash}{target}"),
        })
    }
}

fn listener<'l>(
    request: &Request,
    url: &Url<'_>,
    listeners: &'l [Listener],
) -> Result<&'l Listener, String> {
    let mut known = listeners.iter();
    if let Some(wanted) = &request.listener {
        let found = known.find(|listener| listener.address.to_string() == *wanted);
        return found.ok_or_else(|| format!("there is no listener at `{wanted}`"));
    }
    let has_port = |listener: &&Listener| match &listener.address {
        Address::Tcp(address) => address.port() == url.port,
        Address::Unix(_) => false,
    };
    let found = known.find(has_port).or_else(|| listeners.first());
    found.ok_or_else(|| "there is no listener".to_owned())
}

/// The head of the request as a client would send it.
fn head(request: &Request, url: &Url<'_>) -> String {
    let is_host = |line: &String| {
        let name = line.split(':').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("host")
    };
    let mut lines = vec![format!("{} {} HTTP/1.1", request.method, url.target)];
    if !request.headers.iter().any(is_host) {
        let host = url.authority.unwrap_or("localhost");
        lines.push(format!("Host: {host}"));
    }
    let given = request
        .headers
        .iter()
        .map(|line| line.trim_end().to_owned());
    lines.extend(given);
    lines.join("\r\n") + "\r\n\r\n"
}
