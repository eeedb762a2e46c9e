//! `gzip` and `compress`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Size;

/// Compression of responses by gzip.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gzip {
    /// 1 (fast) to 9 (small).
    pub level: u32,
    /// Shorter bodies are sent as they are.
    pub min_length: Size,
    /// Media types that are compressed; `*`: any.
    pub types: Vec<String>,
}

impl Default for Gzip {
    fn default() -> Self {
        // Level 5 is where zlib's gain per effort bends; 1k is about one packet saved.
        Self {
            level: 5,
            min_length: Size(1024),
            types: vec!["application/json".to_owned()],
        }
    }
}

/// Compression of responses by what the client likes best.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compress {
    /// The codings that are offered; of those that a client likes equally, the first is taken.
    pub prefer: Vec<CodingName>,
    /// gzip's level: 1 (fast) to 9 (small).
    pub gzip: u32,
    /// brotli's level: 0 (fast) to 11 (small).
    pub brotli: u32,
    /// zstd's level: 1 (fast) to 19 (small).
    pub zstd: u32,
    /// Shorter bodies are sent as they are.
    pub min_length: Size,
    /// Media types that are compressed; `*`: any.
    pub types: Vec<String>,
}

impl Default for Compress {
    fn default() -> Self {
        let Gzip {
            level,
            min_length,
            types,
        } = Gzip::default();
        Self {
            prefer: vec![CodingName::Zstd, CodingName::Br, CodingName::Gzip],
            gzip: level,
            // Levels for answers made on the spot; 3 is zstd's own default.
            brotli: 4,
            zstd: 3,
            min_length,
            types,
        }
    }
}

/// A coding as Accept-Encoding names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CodingName {
    /// gzip, which every client knows.
    Gzip,
    /// brotli.
    Br,
    /// zstd.
    Zstd,
}
