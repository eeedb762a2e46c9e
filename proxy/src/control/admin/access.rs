//! Who may ask the operators' port for what.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use daemon::admin::{Body, failure};
use edge_core::admin::Guard;
use edge_core::config;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use subtle::ConstantTimeEq as _;

use crate::buffer::lock;
use crate::stamp::Stamp;

/// Who may ask.
#[derive(Debug)]
pub(crate) struct Access {
    guard: Guard,
    token: Option<Token>,
    /// Whether reading asks for the token, too.
    private: bool,
}

/// A token that is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadToken {
    /// Its file cannot be read.
    #[error("admin.token_file {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is easily guessed, or cannot be said in a header.
    #[error(
        "admin.token_file {0} must hold one word of 16 characters or more, such as `openssl rand -hex 32` makes"
    )]
    Unfit(PathBuf),
}

impl Access {
    /// Reads the token, if there is one.
    pub(super) fn open(config: &config::Admin) -> Result<Self, BadToken> {
        Ok(Self {
            guard: Guard::new(&config.names),
            token: config.token_file.clone().map(Token::open).transpose()?,
            private: config.is_private(),
        })
    }

    /// Whether changes ask for the token.
    pub(super) fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the request may be answered, or the answer that refuses it.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Box<Response<Body>>> {
        let changing = !matches!(*request.method(), Method::GET | Method::HEAD);
        let said = |name: HeaderName| {
            let value = request.headers().get(name)?;
            // What is not text is no name of ours.
            Some(value.to_str().unwrap_or("\u{fffd}"))
        };
        if let Err(foreign) = self.guard.check(said(HOST), said(ORIGIN), changing) {
            return Err(Box::new(failure(
                StatusCode::FORBIDDEN,
                &foreign.to_string(),
            )));
        }
        let of_api = request.uri().path().starts_with("/api/");
        let asked = changing || (self.private && of_api);
        match &self.token {
            Some(token) if asked && !token.is_said(said(AUTHORIZATION)) => {
                Err(Box::new(unauthorized()))
            }
            _ => Ok(()),
        }
    }
}

fn unauthorized() -> Response<Body> {
    let message = "this asks for the token in admin.token_file: Authorization: Bearer TOKEN";
    let mut response = failure(StatusCode::UNAUTHORIZED, message);
    let challenge = HeaderValue::from_static("Bearer realm=\"hifate-edge\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

/// The token, as its file says now.
struct Token {
    path: PathBuf,
    read: Mutex<(Option<Stamp>, String)>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Token {
    fn open(path: PathBuf) -> Result<Self, BadToken> {
        let stamp = Stamp::of(&path);
        let text = read_token(&path)?;
        Ok(Self {
            path,
            read: Mutex::new((stamp, text)),
        })
    }

    /// Whether a request says it; the time that takes tells nothing but its length.
    fn is_said(&self, authorization: Option<&str>) -> bool {
        let mut read = lock(&self.read);
        let now = Stamp::of(&self.path);
        if read.0 != now {
            match read_token(&self.path) {
                Ok(text) => {
                    tracing::info!(path = %self.path.display(), "the admin token has been read again");
                    read.1 = text;
                }
                Err(error) => tracing::error!("{error}; the token before stays in use"),
            }
            read.0 = now;
        }
        let said = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        said.is_some_and(|said| said.as_bytes().ct_eq(read.1.as_bytes()).into())
    }
}

/// The token in a file.
pub(crate) fn read_token(path: &Path) -> Result<String, BadToken> {
    let text = std::fs::read_to_string(path).map_err(|error| BadToken::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let text = text.trim();
    if text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(BadToken::Unfit(path.to_owned()))
    }
}
