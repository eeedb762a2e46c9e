//! The seven gRPC services: messages, servers and clients, generated from `proto/`.
//!
//! Packages, names and field numbers are the wire contract of the system this one replaces; they are
//! pinned by a golden file. What that contract lacked is **added** under higher numbers, marked
//! "Since 0.1" in the `.proto` files, and never replaces a field.

/// Charts of birth.
pub mod bazi_core {
    tonic::include_proto!("bazi.core");
}

/// The course of luck.
pub mod bazi_fortune {
    tonic::include_proto!("bazi.fortune");
}

/// Texts about a chart.
pub mod bazi_analyzer {
    tonic::include_proto!("bazi.analyzer");
}

/// Rules that a chart matches.
pub mod bazi_rule {
    tonic::include_proto!("bazi.rule");
}

/// Hands and faces in photographs.
pub mod fortune_analysis {
    tonic::include_proto!("fortune.analysis");
}

/// Payments by card.
pub mod payment {
    tonic::include_proto!("payment");
}

/// Rules that a hand or a face matches.
pub mod fortune_rule {
    tonic::include_proto!("fortune.rule");
}

/// The encoded `FileDescriptorSet` of all services, for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
