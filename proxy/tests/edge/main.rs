//! The edge from outside: its real process, real sockets, one file for each topic.
//!
//! Names such as `r1_` are the lines of nginx's behaviour that a test proves; see the table of
//! semantics in `docs/semantics.md`.

#![expect(
    clippy::expect_used,
    clippy::format_collect,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and reads better in one piece"
)]

mod access;
mod acme;
mod admin;
mod attackers;
mod balancing;
mod basic_auth;
mod binary_upgrade;
mod bodies;
mod browsers;
mod buffering;
mod client_address;
mod clients;
mod compression;
mod diagnostics;
mod error_log;
mod explain;
mod failover;
mod files;
mod forward_auth;
mod forwarding;
mod grpc_interop;
mod grpc_web;
mod gzip;
mod health;
mod http;
mod http2;
mod import;
mod lifecycle;
mod limits;
mod listeners;
mod log_lines;
mod logs;
mod metrics;
mod names;
mod nginx;
mod operate;
mod origin;
mod outage;
mod parity;
mod placement;
mod process;
mod production;
mod reasons;
mod redbot;
mod reload;
mod routing;
mod service_manager;
mod spans;
mod status_page;
mod strictness;
mod tls;
mod trace;
mod unix_servers;
mod upgrades;
mod upstream_tls;
