//! The edge's decisions, without sockets, clocks or threads.
//!
//! Everything in the edge that can be right or wrong by itself lives here as plain data and
//! functions: where sockets listen ([`address`]), how many
//! connections somebody may have ([`admission`]), who may ask for what ([`access`], [`basic_auth`], [`forward_auth`],
//! [`cors`]) and how often ([`rate`]), whose they are ([`proxy_protocol`], [`real_ip`], [`networks`]), what a request head says ([`http`]), where it goes ([`route`], [`expression`]), which server takes it
//! ([`balance`], [`health`]), what is written to that server and back to the client ([`forward`], [`headers`]),
//! what a failure means and whether another server may be tried ([`failure`], [`retry`]), why the
//! edge answers itself and with what ([`reason`], [`page`]), or sends the client to HTTPS ([`https_only`]), how a body is compressed ([`encoding`]), which file is sent and how much of it ([`files`], [`disk_path`], [`expires`]), what takes an error's place ([`error_page`]),
//! which trace a request belongs to ([`trace`]), what is known of a TLS connection ([`tls`]) when its certificate is renewed ([`renewal`]) and how a name is proven ([`challenge`]), and texts with its variables, such as log lines ([`template`]); what would become of a request, in words ([`explain`]); and what operators see of it all ([`admin`]). Types with state
//! are handed `now` and never ask for it, so an hour of failures is simulated in microseconds.
//!
//! **Architecture invariant:** nothing here awaits, locks, logs or reads the environment.

pub mod access;
pub mod address;
pub mod admin;
pub mod admission;
pub mod balance;
pub mod basic_auth;
pub mod budget;
pub mod buffering;
pub mod challenge;
pub mod config;
pub mod cors;
pub mod disk_path;
pub mod encoding;
pub mod error_page;
pub mod expires;
pub mod explain;
pub mod expression;
pub mod failure;
pub mod files;
pub mod forward;
pub mod forward_auth;
pub mod headers;
pub mod health;
pub mod hex;
pub mod http;
pub mod https_only;
pub mod networks;
pub mod page;
pub mod probe;
pub mod proxy_protocol;
pub mod rate;
pub mod real_ip;
pub mod reason;
pub mod redirect;
pub mod renewal;
pub mod retry;
pub mod route;
pub mod status_page;
pub mod template;
pub mod tls;
pub mod trace;
