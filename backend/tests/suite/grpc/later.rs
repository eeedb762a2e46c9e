//! The services that a later version builds.

use hifate_backend::service::Service;
use rpc::bazi_analyzer::bazi_analyzer_service_client::BaziAnalyzerServiceClient;
use rpc::bazi_fortune::bazi_fortune_service_client::BaziFortuneServiceClient;
use rpc::bazi_rule::bazi_rule_service_client::BaziRuleServiceClient;
use rpc::fortune_analysis::fortune_analysis_service_client::FortuneAnalysisServiceClient;
use rpc::fortune_rule::fortune_rule_service_client::FortuneRuleServiceClient;
use rpc::payment::payment_service_client::PaymentServiceClient;
use tonic::{Code, Response, Status};

use crate::app::TestApp;

fn assert_unimplemented<T: std::fmt::Debug>(method: &str, answer: Result<Response<T>, Status>) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented, "{method}");
    assert_eq!(
        refused.message(),
        format!("{method} is not part of this version")
    );
}

#[tokio::test]
async fn every_method_says_so() {
    let app = TestApp::start().await;
    let mut fortune = BaziFortuneServiceClient::new(app.channel(Service::BaziFortune).await);
    let answer = fortune.calculate_dayun_liunian(rpc::bazi_fortune::BaziFortuneRequest::default());
    assert_unimplemented("CalculateDayunLiunian", answer.await);
    let mut analyzer = BaziAnalyzerServiceClient::new(app.channel(Service::BaziAnalyzer).await);
    let answer = analyzer.run_analyzers(rpc::bazi_analyzer::BaziAnalyzerRequest::default());
    assert_unimplemented("RunAnalyzers", answer.await);
    let mut rule = BaziRuleServiceClient::new(app.channel(Service::BaziRule).await);
    let answer = rule.match_rules(rpc::bazi_rule::BaziRuleMatchRequest::default());
    assert_unimplemented("MatchRules", answer.await);
    let channel = app.channel(Service::FortuneAnalysis).await;
    let mut analysis = FortuneAnalysisServiceClient::new(channel);
    let answer = analysis.analyze_hand(rpc::fortune_analysis::HandAnalysisRequest::default());
    assert_unimplemented("AnalyzeHand", answer.await);
    let answer = analysis.analyze_face(rpc::fortune_analysis::FaceAnalysisRequest::default());
    assert_unimplemented("AnalyzeFace", answer.await);
    let mut payment = PaymentServiceClient::new(app.channel(Service::Payment).await);
    let answer =
        payment.create_payment_session(rpc::payment::CreatePaymentSessionRequest::default());
    assert_unimplemented("CreatePaymentSession", answer.await);
    let answer = payment.verify_payment(rpc::payment::VerifyPaymentRequest::default());
    assert_unimplemented("VerifyPayment", answer.await);
    let mut rules = FortuneRuleServiceClient::new(app.channel(Service::FortuneRule).await);
    let answer = rules.match_hand_rules(rpc::fortune_rule::HandRuleMatchRequest::default());
    assert_unimplemented("MatchHandRules", answer.await);
    let answer = rules.match_face_rules(rpc::fortune_rule::FaceRuleMatchRequest::default());
    assert_unimplemented("MatchFaceRules", answer.await);
}

#[tokio::test]
async fn their_own_health_check_does_not_claim_to_serve() {
    let app = TestApp::start().await;
    let mut payment = PaymentServiceClient::new(app.channel(Service::Payment).await);
    let answer = payment
        .health_check(rpc::payment::HealthCheckRequest {})
        .await
        .unwrap();
    assert_eq!(answer.get_ref().status, "not_serving");
}
