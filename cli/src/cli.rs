//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::node::{Node, Part};

/// One command for a node of `HiFate` Edge
#[derive(Debug, Parser)]
#[command(name = "hifate", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts a node on this machine: the backend and the edge
    Up(Up),
    /// Tells how the node on this machine is
    Status(Status),
    /// Prints the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page
    Man,
}

/// How to start a node.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Where the node keeps its data [default: ~/.local/state/hifate]
    #[arg(long, value_name = "DIR", env = "HIFATE_DATA")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The configuration of the edge, instead of the built-in one
    #[arg(long, value_name = "FILE", env = "HIFATE_EDGE_CONFIG")]
    pub(crate) edge_config: Option<PathBuf>,
    /// The configuration of the backend, instead of the built-in one
    #[arg(long, value_name = "FILE", env = "HIFATE_BACKEND_CONFIG")]
    pub(crate) backend_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

/// Which node to ask.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The VIP daemon of this machine; many have none
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_VIP_ADMIN", value_parser = address, default_value = "9181")]
    pub(crate) vip: SocketAddr,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

/// Where each part of a node listens.
#[derive(Debug, Args)]
#[command(next_help_heading = "Addresses (PORT or IP:PORT)")]
pub(crate) struct Ports {
    /// Move all ports: edge N+80 and N+443, its admin port N+180, web N+1, gRPC N+11 to N+17
    #[arg(long, value_name = "N", env = "HIFATE_BASE_PORT", value_parser = clap::value_parser!(u16).range(..=65000))]
    base_port: Option<u16>,
    /// The edge [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_EDGE_HTTP", value_parser = address)]
    edge_http: Option<SocketAddr>,
    /// The edge, for HTTPS [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_EDGE_HTTPS", value_parser = address)]
    edge_https: Option<SocketAddr>,
    /// The admin port of the edge [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_EDGE_ADMIN", value_parser = address)]
    edge_admin: Option<SocketAddr>,
    /// The Web App [default: 127.0.0.1:8001]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_WEB", value_parser = address)]
    web: Option<SocketAddr>,
    /// The service `bazi_core` [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_CORE", value_parser = address)]
    bazi_core: Option<SocketAddr>,
    /// The service `bazi_fortune` [default: 127.0.0.1:9002]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_FORTUNE", value_parser = address)]
    bazi_fortune: Option<SocketAddr>,
    /// The service `bazi_analyzer` [default: 127.0.0.1:9003]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_ANALYZER", value_parser = address)]
    bazi_analyzer: Option<SocketAddr>,
    /// The service `bazi_rule` [default: 127.0.0.1:9004]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_BAZI_RULE", value_parser = address)]
    bazi_rule: Option<SocketAddr>,
    /// The service `fortune_analysis` [default: 127.0.0.1:9005]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_FORTUNE_ANALYSIS", value_parser = address)]
    fortune_analysis: Option<SocketAddr>,
    /// The service `payment_service` [default: 127.0.0.1:9006]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_PAYMENT_SERVICE", value_parser = address)]
    payment_service: Option<SocketAddr>,
    /// The service `fortune_rule` [default: 127.0.0.1:9007]
    #[arg(long, value_name = "ADDRESS", env = "HIFATE_FORTUNE_RULE", value_parser = address)]
    fortune_rule: Option<SocketAddr>,
}

impl Ports {
    /// The addresses that follow from the flags.
    pub(crate) fn node(&self) -> Node {
        Node::new(self.base_port, |part| match part {
            Part::EdgeHttp => self.edge_http,
            Part::EdgeHttps => self.edge_https,
            Part::EdgeAdmin => self.edge_admin,
            Part::Web => self.web,
            Part::BaziCore => self.bazi_core,
            Part::BaziFortune => self.bazi_fortune,
            Part::BaziAnalyzer => self.bazi_analyzer,
            Part::BaziRule => self.bazi_rule,
            Part::FortuneAnalysis => self.fortune_analysis,
            Part::PaymentService => self.payment_service,
            Part::FortuneRule => self.fortune_rule,
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write PORT or IP:PORT".to_owned())
}
