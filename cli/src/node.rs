//! The parts of a node and where each of them listens.

use std::net::{SocketAddr, TcpListener};
use std::{fmt, io};

/// Something that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    EdgeHttp,
    EdgeHttps,
    EdgeAdmin,
    Web,
    BaziCore,
    BaziFortune,
    BaziAnalyzer,
    BaziRule,
    FortuneAnalysis,
    PaymentService,
    FortuneRule,
}

impl Part {
    pub(crate) const ALL: [Self; 11] = [
        Self::EdgeHttp,
        Self::EdgeHttps,
        Self::EdgeAdmin,
        Self::Web,
        Self::BaziCore,
        Self::BaziFortune,
        Self::BaziAnalyzer,
        Self::BaziRule,
        Self::FortuneAnalysis,
        Self::PaymentService,
        Self::FortuneRule,
    ];

    /// The name of its flag, without the dashes before it.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::EdgeHttp => "edge-http",
            Self::EdgeHttps => "edge-https",
            Self::EdgeAdmin => "edge-admin",
            Self::Web => "web",
            Self::BaziCore => "bazi-core",
            Self::BaziFortune => "bazi-fortune",
            Self::BaziAnalyzer => "bazi-analyzer",
            Self::BaziRule => "bazi-rule",
            Self::FortuneAnalysis => "fortune-analysis",
            Self::PaymentService => "payment-service",
            Self::FortuneRule => "fortune-rule",
        }
    }

    /// The environment variable that tells the other programs its address.
    pub(crate) fn variable(self) -> String {
        format!("HIFATE_{}", self.flag().replace('-', "_").to_uppercase())
    }

    /// Its port by default, and how far it is from a base port.
    const fn port(self) -> (u16, u16) {
        match self {
            Self::EdgeHttp => (8080, 80),
            Self::EdgeHttps => (8443, 443),
            Self::EdgeAdmin => (9180, 180),
            Self::Web => (8001, 1),
            Self::BaziCore => (9001, 11),
            Self::BaziFortune => (9002, 12),
            Self::BaziAnalyzer => (9003, 13),
            Self::BaziRule => (9004, 14),
            Self::FortuneAnalysis => (9005, 15),
            Self::PaymentService => (9006, 16),
            Self::FortuneRule => (9007, 17),
        }
    }
}

/// The addresses of a node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    addresses: [SocketAddr; Part::ALL.len()],
}

/// An address that another program has.
#[derive(Debug)]
pub(crate) struct Taken {
    part: Part,
    address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            address,
            source,
        } = self;
        let flag = part.flag();
        write!(
            f,
            "cannot listen on {address}: {source}; choose another with --{flag}"
        )?;
        f.write_str(", or move every port with --base-port")
    }
}

impl Node {
    /// What was `given`, and elsewhere what follows from `base` or the contract.
    pub(crate) fn new(base: Option<u16>, given: impl Fn(Part) -> Option<SocketAddr>) -> Self {
        let addresses = Part::ALL.map(|part| {
            let (default, offset) = part.port();
            let port = base.map_or(default, |base| base + offset);
            given(part).unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)))
        });
        Self { addresses }
    }

    pub(crate) const fn address(&self, part: Part) -> SocketAddr {
        self.addresses[part as usize]
    }

    /// Each part with its address.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Part, SocketAddr)> {
        Part::ALL.into_iter().zip(self.addresses)
    }

    /// Finds the addresses that cannot be listened on, before anything is started.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let attempt = |(part, address)| {
            let source = TcpListener::bind(address).err()?;
            Some(Taken {
                part,
                address,
                source,
            })
        };
        self.iter().filter_map(attempt).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_moves_every_port_and_a_flag_moves_one() {
        let web = SocketAddr::from(([10, 0, 0, 1], 81));
        let node = Node::new(Some(20000), |part| (part == Part::Web).then_some(web));
        let ports: Vec<_> = node.iter().map(|(_, address)| address.port()).collect();
        assert_eq!(
            ports,
            [
                20080, 20443, 20180, 81, 20011, 20012, 20013, 20014, 20015, 20016, 20017
            ]
        );
        assert_eq!(
            Node::new(None, |_| None)
                .address(Part::EdgeHttp)
                .to_string(),
            "127.0.0.1:8080"
        );
    }

    #[test]
    fn a_taken_port_is_named_with_its_flag() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let node = Node::new(None, |part| {
            Some(if part == Part::Web { address } else { free })
        });
        let taken: Vec<_> = node.taken().iter().map(Taken::to_string).collect();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].contains(&address.to_string()) && taken[0].contains("--web"));
    }
}
