//! Not started yet.
