//! An authority that issues certificates as RFC 8555 says, looks at every signature and every nonce, goes
//! and sees whether names lead to the edge, and misbehaves as a test wants it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::desk::Desk;
use super::web;
use crate::upstream_tls;

/// What a test may change while the authority runs.
#[derive(Debug, Default)]
pub(super) struct Mood {
    /// Where names lead to: port 80.
    pub(super) http: Option<SocketAddr>,
    /// Port 443.
    pub(super) https: Option<SocketAddr>,
    /// How long certificates are valid, in seconds; 90 days if absent.
    pub(super) lifetime: Option<i64>,
    /// Nonces to be refused, good as they are.
    pub(super) bad_nonces: u32,
    /// Answers to orders before the certificate is there.
    pub(super) slow: u32,
    /// What new orders are refused with.
    pub(super) refuses: Option<&'static str>,
    /// What it wants a proof of in place of the name that was ordered.
    pub(super) stray: Option<&'static str>,
    /// Certificates are for another key.
    pub(super) wrong_key: bool,
    /// Certificates are for other names.
    pub(super) wrong_names: bool,
    /// From when to when renewals are wanted, as RFC 3339 says it.
    pub(super) window: Option<(String, String)>,
    /// The key without which there are no new accounts.
    pub(super) external: Option<(String, Vec<u8>)>,
}

/// A running authority.
pub(super) struct AcmeAuthority {
    /// Whose certificate it shows, and in whose name it signs.
    pub(super) files: Arc<upstream_tls::Authority>,
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl AcmeAuthority {
    pub(super) fn start() -> Self {
        let files = Arc::new(upstream_tls::Authority::new());
        files.issue("acme", &["127.0.0.1"], |_| {});
        let (address, listener) = web::bind();
        let desk = Arc::new(Desk {
            url: format!("https://{address}"),
            files: Arc::clone(&files),
            mood: Mutex::default(),
            books: Mutex::default(),
        });
        let answers = Arc::clone(&desk);
        web::serve(listener, &files, "acme", move |method, path, body| {
            answers.answer(method, path, body)
        });
        Self {
            files,
            address,
            desk,
        }
    }

    /// The words of the configuration for it.
    pub(super) fn acme(&self, more: &str) -> String {
        format!(
            "[acme]\ndirectory = 'https://{}/directory'\nca = '{}'\nstate = 'acme'\n\
             agree_to_terms = true\ncontact = ['ops@a.test']\n{more}",
            self.address,
            self.files.path("ca.pem").display()
        )
    }

    pub(super) fn mood(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.desk.mood.lock().unwrap());
    }

    /// What it was asked for and what it did, in order.
    pub(super) fn log(&self) -> Vec<String> {
        self.desk.books.lock().unwrap().log.clone()
    }

    /// How often that was something of this kind.
    pub(super) fn count(&self, kind: &str) -> usize {
        let is_one = |line: &&String| line.starts_with(kind);
        self.log().iter().filter(is_one).count()
    }

    /// Loses all accounts, as authorities for trying things out do.
    pub(super) fn forget_accounts(&self) {
        self.desk.books.lock().unwrap().accounts.clear();
    }

    /// What the last order has said it replaces.
    pub(super) fn replaced(&self) -> Option<Value> {
        let books = self.desk.books.lock().unwrap();
        books.orders.last().and_then(|order| order.replaces.clone())
    }
}

/// Longer than any order takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
