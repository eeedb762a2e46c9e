//! Asking servers whether they are well (active health checks).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use edge_core::config;
use edge_core::http::{HeadEnd, ResponseHead, find_head_end};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::upstream::Upstream;

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
enum Unwell {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no answer in time")]
    Slow,
    #[error("status {0}")]
    Status(u16),
    #[error("the answer is not HTTP")]
    NotHttp,
}

/// Probes all servers of `upstreams` until the returned set is dropped.
pub(crate) fn start(upstreams: &[Arc<Upstream>]) -> JoinSet<()> {
    let mut probes = JoinSet::new();
    for upstream in upstreams {
        let Some(probe) = &upstream.probe else {
            continue;
        };
        for (index, server) in upstream.servers.iter().enumerate() {
            probes.spawn(watch(
                Arc::clone(upstream),
                index,
                server.address,
                probe.clone(),
            ));
        }
    }
    probes
}

#[expect(clippy::infinite_loop, reason = "it ends when its set is dropped")]
async fn watch(upstream: Arc<Upstream>, index: usize, address: SocketAddr, probe: config::Probe) {
    loop {
        let outcome =
            match tokio::time::timeout(probe.timeout, ask(address, &upstream.name, &probe.path))
                .await
            {
                Ok(outcome) => outcome,
                Err(_) => Err(Unwell::Slow),
            };
        match outcome {
            Ok(()) => upstream.probed(index, Ok(())),
            Err(error) => upstream.probed(index, Err(&error.to_string())),
        }
        tokio::time::sleep(spread(probe.interval)).await;
    }
}

/// The interval, up to a tenth shorter or longer, so that the probes of many servers, or of two
/// edges, do not fall together.
fn spread(interval: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) % 201;
    interval * u32::try_from(900 + random).unwrap_or(1000) / 1000
}

async fn ask(address: SocketAddr, host: &str, path: &str) -> Result<(), Unwell> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hifate-edge (health check)\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(1024);
    loop {
        if let HeadEnd::Complete(length) = find_head_end(&answer, 0) {
            let head = answer.get(..length).unwrap_or_default();
            let head = ResponseHead::parse(head, false).map_err(|_| Unwell::NotHttp)?;
            return if (200..400).contains(&head.status) {
                Ok(())
            } else {
                Err(Unwell::Status(head.status))
            };
        }
        if answer.len() > 64 * 1024 || stream.read_buf(&mut answer).await? == 0 {
            return Err(Unwell::NotHttp);
        }
    }
}
