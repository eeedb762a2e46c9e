//! Format strings, as nginx reads them in `log_format`.

use settings::closest;

use super::variable::{self, Variable};
use super::{Escape, Format, Part};
use crate::template::split_name;

/// Why a text is no log format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFormat {
    /// There is no such variable.
    #[error("there is no variable `${0}` in log formats")]
    Unknown(String),
    /// A dollar sign stands alone.
    #[error("a `$` is not followed by the name of a variable")]
    NoName,
}

impl BadFormat {
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

impl Format {
    /// nginx's `combined`.
    pub fn combined() -> Result<Self, BadFormat> {
        Self::parse(COMBINED, Escape::Default)
    }

    /// One JSON object a line, with what an operator asks for first.
    pub fn json() -> Result<Self, BadFormat> {
        Self::parse(JSON, Escape::Json)
    }

    /// Parses a text with `$variables` or `${variables}`.
    pub fn parse(text: &str, escape: Escape) -> Result<Self, BadFormat> {
        let mut parts = Vec::new();
        let mut pieces = text.split('$');
        parts.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let (name, rest) = split_name(piece);
            if name.is_empty() {
                return Err(BadFormat::NoName);
            }
            let variable = Variable::of(name);
            parts.push(Part::Variable(
                variable.ok_or_else(|| BadFormat::Unknown(name.to_owned()))?,
            ));
            parts.push(Part::Text(rest.to_owned()));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts, escape })
    }
}
