//! The six services whose work a later version does. They say so, and nothing else.

use rpc::bazi_analyzer::bazi_analyzer_service_server::BaziAnalyzerService;
use rpc::bazi_fortune::bazi_fortune_service_server::BaziFortuneService;
use rpc::bazi_rule::bazi_rule_service_server::BaziRuleService;
use rpc::fortune_analysis::fortune_analysis_service_server::FortuneAnalysisService;
use rpc::fortune_rule::fortune_rule_service_server::FortuneRuleService;
use rpc::payment::payment_service_server::PaymentService;
use rpc::{bazi_analyzer, bazi_fortune, bazi_rule, fortune_analysis, fortune_rule, payment};
use tonic::{Request, Response, Status};

/// A service that is not built yet.
#[derive(Debug)]
pub(super) struct Later;

type Answer<T> = Result<Response<T>, Status>;

fn unimplemented<T>(method: &str) -> Answer<T> {
    Err(Status::unimplemented(format!(
        "{method} is not part of this version"
    )))
}

/// What `HealthCheck` of a service that is not built answers; `grpc.health.v1` says `NOT_SERVING`.
fn not_serving() -> String {
    "not_serving".to_owned()
}

#[tonic::async_trait]
impl BaziFortuneService for Later {
    async fn calculate_dayun_liunian(
        &self,
        _: Request<bazi_fortune::BaziFortuneRequest>,
    ) -> Answer<bazi_fortune::BaziFortuneResponse> {
        unimplemented("CalculateDayunLiunian")
    }

    async fn health_check(
        &self,
        _: Request<bazi_fortune::HealthCheckRequest>,
    ) -> Answer<bazi_fortune::HealthCheckResponse> {
        Ok(Response::new(bazi_fortune::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}

#[tonic::async_trait]
impl BaziAnalyzerService for Later {
    async fn run_analyzers(
        &self,
        _: Request<bazi_analyzer::BaziAnalyzerRequest>,
    ) -> Answer<bazi_analyzer::BaziAnalyzerResponse> {
        unimplemented("RunAnalyzers")
    }

    async fn health_check(
        &self,
        _: Request<bazi_analyzer::HealthCheckRequest>,
    ) -> Answer<bazi_analyzer::HealthCheckResponse> {
        Ok(Response::new(bazi_analyzer::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}

#[tonic::async_trait]
impl BaziRuleService for Later {
    async fn match_rules(
        &self,
        _: Request<bazi_rule::BaziRuleMatchRequest>,
    ) -> Answer<bazi_rule::BaziRuleMatchResponse> {
        unimplemented("MatchRules")
    }

    async fn health_check(
        &self,
        _: Request<bazi_rule::HealthCheckRequest>,
    ) -> Answer<bazi_rule::HealthCheckResponse> {
        Ok(Response::new(bazi_rule::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}

#[tonic::async_trait]
impl FortuneAnalysisService for Later {
    async fn analyze_hand(
        &self,
        _: Request<fortune_analysis::HandAnalysisRequest>,
    ) -> Answer<fortune_analysis::HandAnalysisResponse> {
        unimplemented("AnalyzeHand")
    }

    async fn analyze_face(
        &self,
        _: Request<fortune_analysis::FaceAnalysisRequest>,
    ) -> Answer<fortune_analysis::FaceAnalysisResponse> {
        unimplemented("AnalyzeFace")
    }

    async fn health_check(
        &self,
        _: Request<fortune_analysis::HealthCheckRequest>,
    ) -> Answer<fortune_analysis::HealthCheckResponse> {
        Ok(Response::new(fortune_analysis::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}

#[tonic::async_trait]
impl PaymentService for Later {
    async fn create_payment_session(
        &self,
        _: Request<payment::CreatePaymentSessionRequest>,
    ) -> Answer<payment::CreatePaymentSessionResponse> {
        unimplemented("CreatePaymentSession")
    }

    async fn verify_payment(
        &self,
        _: Request<payment::VerifyPaymentRequest>,
    ) -> Answer<payment::VerifyPaymentResponse> {
        unimplemented("VerifyPayment")
    }

    async fn health_check(
        &self,
        _: Request<payment::HealthCheckRequest>,
    ) -> Answer<payment::HealthCheckResponse> {
        Ok(Response::new(payment::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}

#[tonic::async_trait]
impl FortuneRuleService for Later {
    async fn match_hand_rules(
        &self,
        _: Request<fortune_rule::HandRuleMatchRequest>,
    ) -> Answer<fortune_rule::RuleMatchResponse> {
        unimplemented("MatchHandRules")
    }

    async fn match_face_rules(
        &self,
        _: Request<fortune_rule::FaceRuleMatchRequest>,
    ) -> Answer<fortune_rule::RuleMatchResponse> {
        unimplemented("MatchFaceRules")
    }

    async fn health_check(
        &self,
        _: Request<fortune_rule::HealthCheckRequest>,
    ) -> Answer<fortune_rule::HealthCheckResponse> {
        Ok(Response::new(fortune_rule::HealthCheckResponse {
            status: not_serving(),
        }))
    }
}
