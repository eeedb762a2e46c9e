//! The configuration as it is written in `backend.toml`.

use daemon::log::{Format, Level};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Period, Size};

use crate::service::Service;

/// The whole file. Everything has a default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The process as a whole.
    pub server: Server,
    /// What it says about itself.
    pub log: Log,
    /// The Web App.
    pub web: Web,
    /// The database.
    pub database: Database,
    /// The answers kept in memory.
    pub cache: Cache,
    /// The gRPC services.
    pub service: Services,
}

/// The process as a whole.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Worker threads; 0 is one for each core.
    pub threads: u16,
    /// How long the Web App may take to finish what is in flight when it is told to stop.
    pub web_grace: Period,
    /// The same for the gRPC services, whose callers may be other machines.
    pub grpc_grace: Period,
}

impl Default for Server {
    fn default() -> Self {
        use std::time::Duration;
        Self {
            // Enough for a node, and each thread costs memory.
            threads: 2,
            web_grace: Period(Duration::from_millis(1500)),
            grpc_grace: Period(Duration::from_secs(5)),
        }
    }
}

/// What the process says about itself, on standard error.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How much is logged; `RUST_LOG`, where set, decides instead.
    pub level: Level,
    /// How a line is written.
    pub format: Format,
}

/// The Web App.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where it listens.
    pub listen: String,
    /// The longest body it reads.
    pub max_body: Size,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8001".to_owned(),
            max_body: Size(1 << 20),
        }
    }
}

/// The database.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// The file it is kept in, or `:memory:`.
    pub path: String,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            path: ":memory:".to_owned(),
        }
    }
}

/// The answers kept in memory.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// The memory they may take.
    pub size: Size,
    /// How long an answer is kept.
    pub lifetime: Period,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            size: Size(16 << 20),
            lifetime: Period(std::time::Duration::from_hours(24)),
        }
    }
}

/// The gRPC services.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Services {
    /// Charts of birth, port 9001.
    pub bazi_core: Endpoint,
    /// The course of luck, port 9002.
    pub bazi_fortune: Endpoint,
    /// Texts about a chart, port 9003.
    pub bazi_analyzer: Endpoint,
    /// Rules that a chart matches, port 9004.
    pub bazi_rule: Endpoint,
    /// Hands and faces in photographs, port 9005.
    pub fortune_analysis: Endpoint,
    /// Payments by card, port 9006.
    pub payment_service: Endpoint,
    /// Rules that a hand or a face matches, port 9007.
    pub fortune_rule: Endpoint,
}

impl Services {
    /// What is written about one service.
    pub const fn of(&self, service: Service) -> &Endpoint {
        match service {
            Service::BaziCore => &self.bazi_core,
            Service::BaziFortune => &self.bazi_fortune,
            Service::BaziAnalyzer => &self.bazi_analyzer,
            Service::BaziRule => &self.bazi_rule,
            Service::FortuneAnalysis => &self.fortune_analysis,
            Service::Payment => &self.payment_service,
            Service::FortuneRule => &self.fortune_rule,
        }
    }
}

/// One gRPC service.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoint {
    /// Where it listens; its port of the contract on 127.0.0.1 when absent.
    pub listen: Option<String>,
    /// Where the Web App finds it, `http://host:port`; where it listens when absent.
    pub url: Option<String>,
}
