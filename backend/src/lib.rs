//! The Web App and the seven gRPC services.
//!
//! One program, any of whose parts may run in one process ([`app`]). The Web App answers HTTP
//! ([`http`]) with what the services compute; it reaches them over gRPC ([`client`]) even when they
//! share its process, so that moving one to another machine changes an address and nothing else. The
//! services ([`grpc`]) are thin shells over pure crates.
//!
//! What is deliberately absent: a service that a later version builds answers `UNIMPLEMENTED`
//! and reports `NOT_SERVING`. Nothing here returns data that was not computed.

pub mod app;
pub mod birth;
pub mod chart;
pub mod client;
pub mod config;
pub mod grpc;
pub mod http;
pub mod metrics;
pub mod monitor;
pub mod service;
