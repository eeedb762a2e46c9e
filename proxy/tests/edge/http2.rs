//! HTTP/2 with clients and with servers, spoken by the h2 crate on the other side, or frame by frame.

mod attacks;
mod clients;
mod conformance;
mod endings;
mod grpc;
mod peer;
mod servers;
mod websockets;
mod wire;
