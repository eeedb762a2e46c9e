//! HTTP/2 with clients and with servers, spoken by the h2 crate on the other side.

mod clients;
mod grpc;
mod peer;
mod servers;
