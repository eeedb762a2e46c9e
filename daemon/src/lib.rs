//! What every long-running program of this product needs.
//!
//! A program here is a configuration, some services and an orderly end. This crate holds the parts
//! that must not differ between `hifate-edge`, `hifate-vip` and `hifate-backend`:
//!
//! | module | what it gives |
//! |---|---|
//! | [`config`] | [`Document::load`](config::Document::load) reads a TOML file, [`Document::read`](config::Document::read) turns it into a written type `T: JsonSchema + DeserializeOwned`, [`Reading::meant`](config::Reading::meant) into what that means; a [`Report`](config::Report) shows at once everything that is wrong |
//! | [`log`] | [`log::start`] sends `tracing` and the `log` crate to one place as text or JSON; the [`Handle`](log::Handle) changes the level later |
//! | [`metrics`] | [`Metrics`](metrics::Metrics): a registry with `process_*` in it, made-and-registered counters, gauges and histograms, the text form |
//! | [`admin`] | [`AdminServer`](admin::AdminServer): a small HTTP/1 server with `/metrics` and one handler for the rest |
//! | [`ask()`](ask::ask) | the other side of that port, for commands |
//! | [`command`] | reading a command line, and the commands that every program has |
//! | [`lifecycle`] | [`Signals`](lifecycle::Signals), [`PidFile`](lifecycle::PidFile), [`Exit`](lifecycle::Exit), notices to systemd, ending with the parent |
//! | [`reload`] | [`Live`](reload::Live): the value in use, its generation and how the last reload went |
//! | [`replace()`] | a file's content, replaced as a whole |
//!
//! Nothing here assumes a multi-threaded runtime, and nothing blocks one.

pub mod admin;
pub mod ask;
pub mod command;
pub mod config;
pub mod lifecycle;
pub mod log;
pub mod metrics;
pub mod reload;
mod replace;

pub use replace::replace;
