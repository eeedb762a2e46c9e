//! Who may ask for what a route has, and how often, with everything looked up once.

use std::sync::Arc;
use std::time::Instant;

use edge_core::config::{self, Config};
use edge_core::disk_path::DiskPath;
use edge_core::template::{Needs, Template};

use crate::limit::Limit;
use crate::metrics::Metrics;
use crate::snapshot::Proxy;
use crate::upstream::Upstream;
use crate::users::{self, UsersFiles};

/// What it takes to ask who may, and how often; what can be told from the request alone is in its
/// configuration.
#[derive(Debug)]
pub(crate) struct Policy {
    /// How often, in the order of the limits' names.
    pub(crate) limits: Vec<Arc<Limit>>,
    /// Who, by name and password.
    pub(crate) basic_auth: Option<BasicAuth>,
    /// Who, by the word of a service.
    pub(crate) forward_auth: Option<ForwardAuth>,
}

/// A service that says who may ask.
#[derive(Debug)]
pub(crate) struct ForwardAuth {
    /// What it is asked, and what becomes of its answer.
    pub(crate) config: config::ForwardAuth,
    /// Who is asked.
    pub(crate) proxy: Proxy,
}

/// Who may ask, by name and password.
#[derive(Debug)]
pub(crate) struct BasicAuth {
    /// What they are asked for, and where it is written who they are.
    pub(crate) config: config::BasicAuth,
    /// All files of users.
    pub(crate) users: Arc<UsersFiles>,
}

/// What policies have in common, and what outlives reloads.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Rate limits, in the order of their names.
    limits: Vec<Arc<Limit>>,
    users: Arc<UsersFiles>,
}

impl Shared {
    /// What the policies of `config` need; `old` is what those had that it replaces.
    pub(crate) fn new(
        config: &Config,
        old: Option<&Self>,
        metrics: &Metrics,
    ) -> Result<Self, users::Error> {
        let limits = config.rate_limits.iter().map(|limit| {
            let mut before = old.iter().flat_map(|old| &old.limits);
            let before = before.find(|old| old.config.name == limit.name);
            Arc::new(Limit::new(limit.clone(), before.map(Arc::as_ref), metrics))
        });
        let routes = config.sites.iter().flat_map(|site| &site.routes);
        let basic = routes.filter_map(|route| route.terms.policy.basic_auth.as_ref());
        let paths = basic.filter_map(|basic| match &basic.users_file {
            DiskPath::Fixed(path) => Some(&**path),
            DiskPath::By(_) => None,
        });
        let users = UsersFiles::open(paths, old.map(|old| &*old.users))?;
        Ok(Self {
            limits: limits.collect(),
            users: Arc::new(users),
        })
    }

    /// Puts what outlives reloads in line with the configuration.
    pub(crate) fn apply(&self, now: Instant) {
        for limit in &self.limits {
            limit.apply(now);
        }
    }

    /// Reads files again that have changed.
    pub(crate) fn follow(&self) {
        self.users.follow();
    }
}

impl Policy {
    /// What `config` says, if it says anything.
    pub(crate) fn new(
        config: &config::Policy,
        shared: &Shared,
        upstreams: &[Arc<Upstream>],
    ) -> Option<Box<Self>> {
        if config.is_open() {
            return None;
        }
        let limits = config.limits.iter();
        let limits = limits.filter_map(|index| shared.limits.get(*index));
        let basic_auth = config.basic_auth.as_ref().map(|config| BasicAuth {
            config: config.clone(),
            users: Arc::clone(&shared.users),
        });
        let forward_auth = config.forward_auth.as_ref().and_then(|config| {
            Some(ForwardAuth {
                proxy: Proxy {
                    upstream: Arc::clone(upstreams.get(config.upstream)?),
                    terms: Arc::new(config.terms()),
                },
                config: config.clone(),
            })
        });
        Some(Box::new(Self {
            limits: limits.map(Arc::clone).collect(),
            basic_auth,
            forward_auth,
        }))
    }

    /// Whether it asks who the client is.
    pub(crate) fn asks_who(&self) -> bool {
        self.basic_auth.is_some() || self.forward_auth.is_some()
    }

    /// What its texts need.
    pub(crate) fn needs(&self) -> Needs {
        let keys = self.limits.iter().filter_map(|one| one.config.key.as_ref());
        let basic = self.basic_auth.iter().map(|basic| basic.config.needs());
        let needs = keys.map(Template::needs).chain(basic);
        needs.fold(Needs::default(), Needs::and)
    }
}
