//! The backend as its clients see it: real listeners, real connections.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod app;
mod cli;
mod grpc;
mod http;
