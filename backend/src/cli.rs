//! The command line.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hifate_backend::app::Part;
use hifate_backend::config::Overrides;
use hifate_backend::service::Service;

/// The Web App and the seven gRPC services
#[derive(Debug, Parser)]
#[command(name = "hifate-backend", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the parts named, or all of them, until told to stop
    Serve(Serve),
    /// Brings the database up to date
    Migrate(Source),
    /// Prints one chart on the terminal
    Chart(Chart),
    /// Checks the configuration
    Check(Source),
    /// Prints the JSON Schema of the configuration
    Schema,
    /// Prints the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page
    Man,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The configuration; everything has a default without one
    #[arg(long, value_name = "FILE", env = "HIFATE_BACKEND_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The file of the database, or :memory:
    #[arg(long, value_name = "FILE", env = "HIFATE_DATABASE")]
    pub(crate) database: Option<String>,
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// Where each part listens. `PORT` alone is on 127.0.0.1.
#[derive(Debug, Args)]
#[command(next_help_heading = "Addresses (PORT or IP:PORT)")]
pub(crate) struct Listen {
    /// The Web App [default: 127.0.0.1:8001]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_WEB", value_parser = address)]
    web: Option<SocketAddr>,
    /// `bazi_core` [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_CORE", value_parser = address)]
    bazi_core: Option<SocketAddr>,
    /// `bazi_fortune` [default: 127.0.0.1:9002]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_FORTUNE", value_parser = address)]
    bazi_fortune: Option<SocketAddr>,
    /// `bazi_analyzer` [default: 127.0.0.1:9003]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_ANALYZER", value_parser = address)]
    bazi_analyzer: Option<SocketAddr>,
    /// `bazi_rule` [default: 127.0.0.1:9004]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_RULE", value_parser = address)]
    bazi_rule: Option<SocketAddr>,
    /// `fortune_analysis` [default: 127.0.0.1:9005]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_FORTUNE_ANALYSIS", value_parser = address)]
    fortune_analysis: Option<SocketAddr>,
    /// `payment_service` [default: 127.0.0.1:9006]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_PAYMENT_SERVICE", value_parser = address)]
    payment_service: Option<SocketAddr>,
    /// `fortune_rule` [default: 127.0.0.1:9007]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_FORTUNE_RULE", value_parser = address)]
    fortune_rule: Option<SocketAddr>,
}

impl Source {
    /// What the flags and the environment say over the file.
    pub(crate) fn overrides(&self) -> Overrides {
        let mut overrides = Overrides {
            web: self.listen.web,
            database: self.database.clone(),
            ..Overrides::default()
        };
        for service in Service::ALL {
            *overrides.services.of_mut(service) = match service {
                Service::BaziCore => self.listen.bazi_core,
                Service::BaziFortune => self.listen.bazi_fortune,
                Service::BaziAnalyzer => self.listen.bazi_analyzer,
                Service::BaziRule => self.listen.bazi_rule,
                Service::FortuneAnalysis => self.listen.fortune_analysis,
                Service::Payment => self.listen.payment_service,
                Service::FortuneRule => self.listen.fortune_rule,
            };
        }
        overrides
    }
}

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The parts to run
    #[arg(value_name = "PART", value_enum, default_value = "all")]
    parts: Vec<Word>,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Stop when standard input ends: for a parent that must not leave children behind
    #[arg(long, hide = true)]
    pub(crate) stop_on_stdin_eof: bool,
}

impl Serve {
    pub(crate) fn parts(&self) -> BTreeSet<Part> {
        self.parts.iter().flat_map(|word| word.parts()).collect()
    }
}

/// A part as it is written on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    All,
    Web,
    BaziCore,
    BaziFortune,
    BaziAnalyzer,
    BaziRule,
    FortuneAnalysis,
    Payment,
    FortuneRule,
}

impl Word {
    fn parts(self) -> BTreeSet<Part> {
        BTreeSet::from([match self {
            Self::All => return Part::all(),
            Self::Web => Part::Web,
            Self::BaziCore => Part::Service(Service::BaziCore),
            Self::BaziFortune => Part::Service(Service::BaziFortune),
            Self::BaziAnalyzer => Part::Service(Service::BaziAnalyzer),
            Self::BaziRule => Part::Service(Service::BaziRule),
            Self::FortuneAnalysis => Part::Service(Service::FortuneAnalysis),
            Self::Payment => Part::Service(Service::Payment),
            Self::FortuneRule => Part::Service(Service::FortuneRule),
        }])
    }
}

/// Whose chart to print, and how.
#[derive(Debug, Args)]
pub(crate) struct Chart {
    /// The moment of birth, UTC+8, such as 1990-06-15T12:30
    #[arg(value_name = "DATETIME")]
    pub(crate) moment: String,
    /// male or female, also 男 or 女
    pub(crate) gender: String,
    /// To which day 23:00 to 24:00 belongs: `next_day` or `late`
    #[arg(long, default_value = "next_day")]
    pub(crate) zi_mode: String,
    /// Print the JSON that the Web App answers
    #[arg(long)]
    pub(crate) json: bool,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write PORT or IP:PORT".to_owned())
}
