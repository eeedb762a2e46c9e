//! The seven gRPC services by name and number.

use std::fmt;

/// One of the seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Charts of birth.
    BaziCore,
    /// The course of luck.
    BaziFortune,
    /// Texts about a chart.
    BaziAnalyzer,
    /// Rules that a chart matches.
    BaziRule,
    /// Hands and faces in photographs.
    FortuneAnalysis,
    /// Payments by card.
    Payment,
    /// Rules that a hand or a face matches.
    FortuneRule,
}

impl Service {
    /// All seven, in the order of their ports.
    pub const ALL: [Self; 7] = [
        Self::BaziCore,
        Self::BaziFortune,
        Self::BaziAnalyzer,
        Self::BaziRule,
        Self::FortuneAnalysis,
        Self::Payment,
        Self::FortuneRule,
    ];

    /// The name in configuration, logs and `/health`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BaziCore => "bazi_core",
            Self::BaziFortune => "bazi_fortune",
            Self::BaziAnalyzer => "bazi_analyzer",
            Self::BaziRule => "bazi_rule",
            Self::FortuneAnalysis => "fortune_analysis",
            Self::Payment => "payment_service",
            Self::FortuneRule => "fortune_rule",
        }
    }

    /// The name on the wire.
    pub const fn full_name(self) -> &'static str {
        match self {
            Self::BaziCore => "bazi.core.BaziCoreService",
            Self::BaziFortune => "bazi.fortune.BaziFortuneService",
            Self::BaziAnalyzer => "bazi.analyzer.BaziAnalyzerService",
            Self::BaziRule => "bazi.rule.BaziRuleService",
            Self::FortuneAnalysis => "fortune.analysis.FortuneAnalysisService",
            Self::Payment => "payment.PaymentService",
            Self::FortuneRule => "fortune.rule.FortuneRuleService",
        }
    }

    /// The methods on the wire.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::BaziCore => &["CalculateBazi", "HealthCheck"],
            Self::BaziFortune => &["CalculateDayunLiunian", "HealthCheck"],
            Self::BaziAnalyzer => &["RunAnalyzers", "HealthCheck"],
            Self::BaziRule => &["MatchRules", "HealthCheck"],
            Self::FortuneAnalysis => &["AnalyzeHand", "AnalyzeFace", "HealthCheck"],
            Self::Payment => &["CreatePaymentSession", "VerifyPayment", "HealthCheck"],
            Self::FortuneRule => &["MatchHandRules", "MatchFaceRules", "HealthCheck"],
        }
    }

    /// The port of the contract.
    pub const fn port(self) -> u16 {
        9001 + self as u16
    }

    /// Whether this version does the work of the service.
    pub const fn is_built(self) -> bool {
        match self {
            Self::BaziCore => true,
            Self::BaziFortune
            | Self::BaziAnalyzer
            | Self::BaziRule
            | Self::FortuneAnalysis
            | Self::Payment
            | Self::FortuneRule => false,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value for each service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByService<T>([T; 7]);

impl<T> ByService<T> {
    /// Makes the value of each service.
    pub fn from_fn(mut make: impl FnMut(Service) -> T) -> Self {
        Self(Service::ALL.map(&mut make))
    }

    /// The value of one service.
    pub const fn of(&self, service: Service) -> &T {
        &self.0[service as usize]
    }

    /// The value of one service, to change it.
    pub const fn of_mut(&mut self, service: Service) -> &mut T {
        &mut self.0[service as usize]
    }

    /// Each service with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Service, &T)> {
        Service::ALL.into_iter().zip(&self.0)
    }
}
