//! How the Web App reaches the services.

use std::time::{Duration, Instant};

use rpc::bazi_core::bazi_core_service_client::BaziCoreServiceClient;
use rpc::bazi_core::{BaziCoreRequest, BaziCoreResponse};
use tokio::time::{sleep, timeout};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::service::{ByService, Service};

/// Connections to the seven services, each made when it is first needed and again when it breaks.
#[derive(Debug, Clone)]
pub struct Client {
    channels: ByService<Channel>,
}

/// What a service says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does its work.
    Serving,
    /// It runs, but does not do its work.
    NotServing,
    /// It cannot be reached.
    Unreachable,
}

impl Client {
    /// Will reach each service at its address.
    pub fn new(addresses: &ByService<Uri>) -> Self {
        let channel = |service| {
            Endpoint::from(addresses.of(service).clone())
                .connect_timeout(CONNECT)
                .http2_keep_alive_interval(KEEPALIVE)
                .keep_alive_timeout(KEEPALIVE_TIMEOUT)
                .tcp_nodelay(true)
                .connect_lazy()
        };
        Self {
            channels: ByService::from_fn(channel),
        }
    }

    /// Calculates a chart, trying again while `bazi_core` is away, for [`DEADLINE`] in all.
    pub async fn calculate_bazi(&self, birth: BaziCoreRequest) -> Result<BaziCoreResponse, Status> {
        let began = Instant::now();
        let channel = self.channels.of(Service::BaziCore).clone();
        let mut client = BaziCoreServiceClient::new(channel);
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let left = DEADLINE.saturating_sub(began.elapsed());
            let mut request = Request::new(birth.clone());
            request.set_timeout(left);
            let answer = timeout(left, client.calculate_bazi(request)).await;
            let status = match answer {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("no answer in time"),
            };
            let passing = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
            if !passing || attempt == ATTEMPTS || began.elapsed() + pause >= DEADLINE {
                return Err(status);
            }
            tracing::debug!(attempt, grpc.code = ?status.code(), "bazi_core is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(Status::deadline_exceeded("no answer in time"))
    }

    /// Asks a service how it is, for at most `patience`.
    pub async fn standing(&self, service: Service, patience: Duration) -> Standing {
        let mut client = HealthClient::new(self.channels.of(service).clone());
        let request = HealthCheckRequest {
            service: service.full_name().to_owned(),
        };
        match timeout(patience, client.check(request)).await {
            Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => {
                Standing::Serving
            }
            Ok(Ok(_)) => Standing::NotServing,
            Ok(Err(_)) | Err(_) => Standing::Unreachable,
        }
    }
}

/// How long a call may take with all its attempts.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a call is tried.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_mins(5);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
