//! Asking servers whether they are well (active health checks).

mod grpc;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::stream::Stream;
use edge_core::address::Address;
use edge_core::config::Probe;
use edge_core::failure::Failure;
use edge_core::http::{BodyLength, Chunks, HeadEnd, Piece, ResponseHead, find_head_end};
use edge_core::probe::{HttpQuestion, LONGEST_BODY, Question, Unwell};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::{AbortHandle, JoinSet};

use crate::http2;
use crate::upstream::{Server, Upstream};

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{}", .0.explanation())]
    Connect(Failure),
    #[error("no answer in time")]
    Slow,
    #[error("{0}")]
    Unwell(#[from] Unwell),
    #[error("the answer is not HTTP")]
    NotHttp,
    #[error("HTTP/2: {0}")]
    Http2(#[from] h2::Error),
}

/// Probes all servers of `upstreams`, as part of `tasks`.
pub(crate) fn start(upstreams: &[Arc<Upstream>], tasks: &mut JoinSet<()>) {
    for upstream in upstreams {
        if let Some(probe) = &upstream.config.probe {
            tasks.spawn(follow(Arc::clone(upstream), probe.clone()));
        }
    }
}

/// Probes the servers of one upstream, whoever they are at the time.
async fn follow(upstream: Arc<Upstream>, probe: Probe) {
    let servers = &upstream.servers;
    let mut changes = servers.changes();
    let mut watched: HashMap<(usize, u64), AbortHandle> = HashMap::new();
    let mut watches = JoinSet::new();
    loop {
        let members = servers.members();
        watched.retain(|(index, id), watch| {
            let stays = members
                .iter()
                .any(|(other, server)| other == index && server.id == *id);
            if !stays {
                watch.abort();
            }
            stays
        });
        for (index, server) in members {
            watched.entry((index, server.id)).or_insert_with(|| {
                watches.spawn(watch(Arc::clone(&upstream), (index, server), probe.clone()))
            });
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

#[expect(clippy::infinite_loop, reason = "it ends when its set is dropped")]
async fn watch(upstream: Arc<Upstream>, (index, server): (usize, Arc<Server>), probe: Probe) {
    let mut address = server.address.clone();
    if let (Address::Tcp(address), Some(port)) = (&mut address, probe.port) {
        address.set_port(port.get());
    }
    loop {
        let outcome =
            match tokio::time::timeout(probe.timeout, ask(&upstream, &address, &probe)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Error::Slow),
            };
        let reason = outcome.err().map(|error| error.to_string());
        upstream
            .servers
            .probed((index, &server), reason.as_deref(), &probe);
        tokio::time::sleep(spread(probe.interval, probe.jitter)).await;
    }
}

/// The interval, by chance up to `jitter` percent shorter or longer, so that the probes of many
/// servers, or of two edges, do not fall together.
fn spread(interval: Duration, jitter: u32) -> Duration {
    let range = u64::from(jitter) * 20 + 1;
    let random = RandomState::new().hash_one(()) % range;
    let thousandths = 1000 - u64::from(jitter) * 10 + random;
    interval * u32::try_from(thousandths).unwrap_or(1000) / 1000
}

async fn ask(upstream: &Upstream, address: &Address, probe: &Probe) -> Result<(), Error> {
    let stream = upstream.transport.connect(address, probe.timeout, || None);
    let stream = stream.await.map_err(Error::Connect)?;
    match &probe.question {
        Question::Tcp => Ok(()),
        Question::Http(question) if upstream.transport.http2 => {
            let scheme = upstream.transport.scheme();
            ask_http(http2::alone(stream, scheme, address).await?, question).await
        }
        Question::Http(question) => ask_http(stream, question).await,
        Question::Grpc(service) => grpc::ask(stream, upstream.name(), service).await,
    }
}

async fn ask_http(mut stream: Stream, question: &HttpQuestion) -> Result<(), Error> {
    stream.write_all(question.request().as_bytes()).await?;
    let mut answer = Vec::with_capacity(1024);
    let length = loop {
        if let HeadEnd::Complete(length) = find_head_end(&answer, 0) {
            break length;
        }
        if answer.len() > LONGEST_BODY || stream.read_buf(&mut answer).await? == 0 {
            return Err(Error::NotHttp);
        }
    };
    let body = answer.split_off(length);
    let head = ResponseHead::parse(&answer, false).map_err(|_| Error::NotHttp)?;
    question.judge_head(&head)?;
    if question.body.is_some() {
        let body = read_body(stream, head.body, body).await?;
        question.judge_body(&body)?;
    }
    Ok(())
}

/// Reads the body of which `arrived` came with the head, as much of it as is looked at.
async fn read_body(
    mut stream: Stream,
    length: BodyLength,
    mut arrived: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let whole = match length {
        BodyLength::Empty => 0,
        BodyLength::Known(length) => usize::try_from(length).unwrap_or(LONGEST_BODY),
        BodyLength::Chunked | BodyLength::UntilClose => LONGEST_BODY,
    };
    // The request asked for the connection to be closed, so the end of a chunked body is the end of
    // the stream.
    while arrived.len() < whole.min(LONGEST_BODY) {
        if stream.read_buf(&mut arrived).await? == 0 {
            break;
        }
    }
    if length != BodyLength::Chunked {
        return Ok(arrived);
    }
    let (mut chunks, mut body, mut rest) = (Chunks::default(), Vec::new(), arrived.as_slice());
    while let Piece::Data { skip, data } = chunks.next(rest).map_err(|_| Error::NotHttp)? {
        body.extend_from_slice(rest.get(skip..skip + data).unwrap_or_default());
        rest = rest.get(skip + data..).unwrap_or_default();
    }
    Ok(body)
}
