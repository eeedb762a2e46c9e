//! Texts with variables, as nginx reads them.

use settings::closest;

use super::variable::{self, Variable};
use super::{Escape, Part, Template};

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// There is no such variable.
    #[error("there is no variable `${0}`")]
    Unknown(String),
    /// A dollar sign stands alone.
    #[error("a `$` is not followed by the name of a variable")]
    NoName,
}

impl BadTemplate {
    /// What was probably meant.
    pub fn help(&self) -> Option<String> {
        let Self::Unknown(name) = self else {
            return None;
        };
        let meant = closest(name, variable::names())?;
        Some(format!("did you mean `${meant}`?"))
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
        let mut parts = Vec::new();
        let mut pieces = text.split('$');
        parts.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let (name, rest) = split_name(piece);
            if name.is_empty() {
                return Err(BadTemplate::NoName);
            }
            let variable = Variable::of(name);
            parts.push(Part::Variable(
                variable.ok_or_else(|| BadTemplate::Unknown(name.to_owned()))?,
            ));
            parts.push(Part::Text(rest.to_owned()));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts, escape })
    }
}

/// Splits `name rest` or `{name}rest`, as it stands after a dollar sign.
fn split_name(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at(end)
}
