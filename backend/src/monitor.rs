//! Keeps an eye on what the Web App depends on, so that `/health` answers at once.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use store::{Database, Node};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Standing};
use crate::service::{ByService, Service};

/// What was seen last.
#[derive(Debug, Clone)]
pub struct Sight {
    /// When.
    pub at: Timestamp,
    /// What the database said, unless it did not answer.
    pub database: Option<Node>,
    /// What each service said.
    pub services: ByService<Standing>,
}

impl Sight {
    /// Whether the Web App can do its work.
    pub fn is_ready(&self) -> bool {
        self.database.is_some() && *self.services.of(Service::BaziCore) == Standing::Serving
    }
}

/// Looks at the database and the services.
#[derive(Debug, Clone)]
pub struct Monitor {
    database: Database,
    client: Client,
    last: Arc<ArcSwap<Sight>>,
}

impl Monitor {
    /// Has seen nothing yet, and says so.
    pub fn new(database: Database, client: Client) -> Self {
        let services = ByService::from_fn(|_| Standing::Unreachable);
        let unseen = Sight {
            at: Timestamp::now(),
            database: None,
            services,
        };
        Self {
            database,
            client,
            last: Arc::new(ArcSwap::from_pointee(unseen)),
        }
    }

    /// What was seen last.
    pub fn last(&self) -> Arc<Sight> {
        self.last.load_full()
    }

    /// Looks at what the Web App cannot work without, and answers what was seen.
    pub async fn look(&self) -> Arc<Sight> {
        let (database, core) = tokio::join!(
            self.node(),
            self.client.standing(Service::BaziCore, PATIENCE)
        );
        let mut services = self.last().services.clone();
        *services.of_mut(Service::BaziCore) = core;
        self.note(database, services)
    }

    /// Looks at everything, now and then, until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turn = async || {
            ticks.tick().await;
            self.look_around().await;
        };
        while stop.run_until_cancelled(turn()).await.is_some() {}
    }

    async fn look_around(&self) {
        let mut services = self.last().services.clone();
        for service in Service::ALL {
            *services.of_mut(service) = self.client.standing(service, PATIENCE).await;
        }
        let was_ready = self.last().is_ready();
        let seen = self.note(self.node().await, services);
        if seen.is_ready() != was_ready {
            let core = seen.services.of(Service::BaziCore);
            let database = seen.database.is_some();
            tracing::info!(ready = seen.is_ready(), database, bazi_core = ?core, "readiness");
        }
    }

    async fn node(&self) -> Option<Node> {
        match self.database.node().await {
            Ok(node) => Some(node),
            Err(error) => {
                tracing::warn!(%error, "the database cannot be read");
                None
            }
        }
    }

    fn note(&self, database: Option<Node>, services: ByService<Standing>) -> Arc<Sight> {
        let seen = Arc::new(Sight {
            at: Timestamp::now(),
            database,
            services,
        });
        self.last.store(Arc::clone(&seen));
        seen
    }
}

/// How often everything is looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long a service may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(1);
