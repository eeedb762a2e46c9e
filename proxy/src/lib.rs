//! The edge proxy: accepts HTTP requests and passes them to upstream servers.
//!
//! | module | what it holds |
//! |---|---|
//! | [`command`] | the command line |
//! | `control` | reload, signals, upgrades, the admin port |
//! | `handover` | what two processes say to each other when one takes the other's place |
//! | `service`, `worker`, `listen`, `admission`, `client` | threads, sockets, client connections |
//! | `tls` | certificates, resumed sessions and handshakes with clients |
//! | `http2` | streams of HTTP/2 connections, for `exchange` as connections that carry one request |
//! | `exchange` | one request and its answer: body, attempts, relay, record |
//! | `snapshot`, `upstream`, `pool`, `probe`, `resolve` | the configuration in use, servers, connections, health, names |
//! | `access_log`, `metrics`, `compress`, `clock`, `buffer`, `timer`, `io`, `stream` | what the others use |
//!
//! All decisions are those of [`edge_core`]; this crate gives them sockets and time. It is the only
//! one that names pingora: the server with its runtimes and services, and TLS to servers, are pingora's,
//! the HTTP/1 exchange is ours (`docs/adr/0004-engine.md`).

mod access_log;
mod admission;
mod buffer;
mod client;
mod clock;
pub mod command;
mod compress;
mod control;
mod edge;
mod events;
mod exchange;
mod handover;
mod http2;
mod io;
mod limit;
mod listen;
mod memory;
mod metrics;
mod orders;
mod policy;
mod pool;
mod probe;
mod resolve;
mod run;
mod service;
mod snapshot;
mod spans;
mod stamp;
mod stream;
mod timer;
mod tls;
mod transport;
mod upstream;
mod users;
mod worker;
