//! Texts with variables, as nginx reads them.

use settings::closest;

use super::{Escape, Part, Scope, Template};

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// There is no such variable; perhaps the second was meant.
    #[error("there is no variable `${0}`")]
    Unknown(String, Option<String>),
    /// A dollar sign stands alone.
    #[error("a `$` is not followed by the name of a variable")]
    NoName,
}

impl BadTemplate {
    /// What was probably meant.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown(_, Some(meant)) => Some(format!("did you mean `${meant}`?")),
            Self::Unknown(_, None) | Self::NoName => None,
        }
    }
}

/// nginx's `combined`.
const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
                        $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

/// One JSON object a line.
const JSON: &str = "{\"time\":\"$time_iso8601\",\"remote_addr\":\"$remote_addr\",\
     \"request_id\":\"$request_id\",\"trace_id\":\"$trace_id\",\
     \"method\":\"$request_method\",\"host\":\"$host\",\"uri\":\"$request_uri\",\
     \"protocol\":\"$server_protocol\",\"status\":$status,\"body_bytes_sent\":$body_bytes_sent,\
     \"request_length\":$request_length,\"request_time\":$request_time,\
     \"site\":\"$site\",\"route\":\"$route\",\"upstream\":\"$upstream_name\",\
     \"upstream_addr\":\"$upstream_addr\",\"upstream_status\":\"$upstream_status\",\
     \"upstream_connect_time\":\"$upstream_connect_time\",\
     \"upstream_response_time\":\"$upstream_response_time\",\"reason\":\"$reason\",\
     \"referer\":\"$http_referer\",\"user_agent\":\"$http_user_agent\"}";

impl Template {
    /// nginx's `combined`.
    pub fn combined() -> Result<Self, BadTemplate> {
        Self::parse(COMBINED, Escape::Default)
    }

    /// One JSON object a line, with what an operator asks for first.
    pub fn json() -> Result<Self, BadTemplate> {
        Self::parse(JSON, Escape::Json)
    }

    /// Parses a text with `$variables` or `${variables}`.
    pub fn parse(text: &str, escape: Escape) -> Result<Self, BadTemplate> {
        Self::parse_in(&Scope::default(), text, escape)
    }

    /// Parses a text that may also have the variables of `scope`.
    pub fn parse_in(scope: &Scope, text: &str, escape: Escape) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut pieces = text.split('$');
        parts.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let (name, rest) = split_name(piece);
            if name.is_empty() {
                return Err(BadTemplate::NoName);
            }
            let variable = scope.find(name).ok_or_else(|| {
                let meant = closest(name, scope.names()).map(str::to_owned);
                BadTemplate::Unknown(name.to_owned(), meant)
            })?;
            parts.push(Part::Variable(variable));
            parts.push(Part::Text(rest.to_owned()));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts, escape })
    }
}

/// The names after the dollar signs of a text.
pub fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|piece| split_name(piece).0)
}

/// Splits `name rest` or `{name}rest`, as it stands after a dollar sign.
fn split_name(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    // `$1` is one digit long, as in nginx.
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.split_at(1);
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at(end)
}
