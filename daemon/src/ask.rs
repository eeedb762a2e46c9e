//! Asking a running program of this product through its admin port, for its commands.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

/// What is asked of whom.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The admin port.
    pub admin: SocketAddr,
    /// `GET`, `POST`, ...
    pub method: &'q str,
    /// The path, and the query.
    pub path: &'q str,
    /// Lines of the head, each with its end.
    pub headers: &'q str,
    /// What is sent along.
    pub body: Option<&'q Value>,
    /// How long the answer may take.
    pub patience: Duration,
}

/// Why there is no answer that helps.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Nobody answers.
    #[error("nobody answers at {0}: {1}")]
    NoAnswer(SocketAddr, io::Error),
    /// Somebody else answers.
    #[error("what answers at {0} is not an admin port of this product")]
    Stranger(SocketAddr),
    /// The program says no, and why.
    #[error("{0}")]
    Refused(String),
}

/// Connections are to this machine, or near.
const NEAR: Duration = Duration::from_secs(30);

/// Asks, and waits for the answer.
pub fn ask(question: &Question<'_>) -> Result<Value, Refusal> {
    let admin = question.admin;
    let answer = exchange(question).map_err(|error| Refusal::NoAnswer(admin, error))?;
    let stranger = || Refusal::Stranger(admin);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(stranger)?;
    let value: Value = serde_json::from_str(body).map_err(|_| stranger())?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(value);
    }
    let reason = value.get("error").and_then(Value::as_str);
    Err(Refusal::Refused(reason.unwrap_or(status).to_owned()))
}

fn exchange(question: &Question<'_>) -> io::Result<String> {
    let Question {
        admin,
        method,
        path,
        headers,
        body,
        patience,
    } = question;
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect_timeout(admin, NEAR)?;
    stream.set_read_timeout(Some(*patience))?;
    // HTTP/1.0: the answer ends with the connection.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {admin}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
