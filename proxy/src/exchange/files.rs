//! Answers from the disk (nginx's `root`, `index`, `try_files`).
//!
//! What is not in memory is opened and read on threads that may wait for a disk, so that no other
//! client does.

mod disk;
mod head;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::sync::Arc;

use edge_core::error_page::Destination;
use edge_core::files::{Fallback, Files};
use edge_core::http::{Method, RequestHead};
use edge_core::reason::Reason;
use edge_core::template::{Template, Varying};
use smallvec::SmallVec;

use self::disk::{Found, Source, Tried, Wait};
use self::head::Piece;
use super::local::{Direct, with_query_of};
use super::record::{Record, Subject};
use super::sink::Sink;
use super::{After, Place};
use crate::client::Client;
use crate::snapshot::{Site, Target};
use crate::worker::Worker;

/// Why no file was sent.
pub(super) enum Missed<'f> {
    /// It is refused.
    Refused(Direct),
    /// It is a directory, whose name ends with a slash.
    Slash,
    /// The request goes on with this path.
    Path(String),
    /// It goes on there.
    Go(&'f Destination),
}

/// A search for a file.
pub(super) struct Search<'f> {
    files: &'f Files,
    /// What is looked for.
    tried: Vec<Tried>,
    /// The names of the files that stand for a directory.
    index: SmallVec<[Cow<'f, OsStr>; 1]>,
    /// The path that was asked for.
    path: &'f [u8],
}

/// What an answer depends on besides the file and the request.
#[derive(Clone, Copy)]
pub(super) struct Form<'s> {
    pub(super) site: &'s Site,
    /// The status, if it is not that of the file.
    pub(super) status: Option<u16>,
    /// Whether the request was read to its end, or can be.
    pub(super) complete: bool,
}

impl<'f> Search<'f> {
    /// What is looked for of `files` for a request with a normalised path.
    pub(super) fn new(
        worker: &Worker,
        files: &'f Files,
        (target, asked, path): (&Target, &RequestHead<'_>, &'f [u8]),
        client: &Client,
        record: &Record,
    ) -> Self {
        let subject = Subject::of(target, asked);
        let render = |text: &Template| record.render(worker, text, &subject, client);
        let directory = files.directory().of(render);
        let tried = files.candidates.iter().filter_map(|candidate| {
            let text = render(&candidate.path);
            let file = files.locate(directory.as_deref()?, &text)?;
            Some(Tried {
                file,
                path: text,
                directory: candidate.directory,
            })
        });
        let index = files.index.iter().filter_map(|name| match name {
            Varying::Fixed(name) => Some(Cow::Borrowed(name.as_os_str())),
            Varying::By(text) => index_name(render(text)),
        });
        Self {
            tried: tried.collect(),
            index: index.collect(),
            path,
            files,
        }
    }

    /// Sends the file, or as much of it as the client asks for.
    pub(super) async fn send(
        self,
        place: Place<'_>,
        client: &mut Client,
        asked: &RequestHead<'_>,
        (target, form): (&Target, Form<'_>),
        record: &mut Record,
    ) -> Result<After, Missed<'f>> {
        if !matches!(asked.method, Method::Get | Method::Head) {
            let direct = Direct::refusing(Reason::FILES_ARE_READ);
            return Err(Missed::Refused(direct.with_line("Allow", "GET, HEAD")));
        }
        let source = match self.found(asked).await? {
            Found::File(source) => source,
            Found::Directory(path, index) => return Err(self.directory(asked, &path, index)),
            Found::Nothing => return Err(self.nothing()),
            Found::Forbidden => return Err(refused(Reason::FILE_FORBIDDEN)),
        };
        let of = (form, self.files.precompressed);
        let answer = head::Answer::new(place.0, asked, &source, of, record)
            .map_err(|direct| Missed::Refused(*direct))?;
        let subject = Subject::of(target, asked);
        let head = answer.write(place.0, &subject, client, form, record);
        Ok(pass_on(place.0, client, (source, answer), head, record).await)
    }

    /// Looks for the file, and where that takes a disk, where waiting for it is no matter.
    async fn found(&self, asked: &RequestHead<'_>) -> Result<Found, Missed<'f>> {
        let codings = if self.files.precompressed {
            head::codings(asked)
        } else {
            Vec::new()
        };
        let index = &self.index;
        if let Ok(found) = disk::find(&self.tried, index, &codings, Wait::Never) {
            return Ok(found);
        }
        let tried = self.tried.clone();
        let index: Vec<_> = index
            .iter()
            .map(|name| Cow::Owned(name.to_os_string()))
            .collect();
        let patient = move || disk::find(&tried, &index, &codings, Wait::Disk);
        match tokio::task::spawn_blocking(patient).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::error!(%error, http.target = asked.target, "a file cannot be read");
                Err(refused(Reason::FILE_ERROR))
            }
            Err(error) => {
                tracing::error!(%error, "a file cannot be looked for");
                Err(refused(Reason::FILE_ERROR))
            }
        }
    }

    /// A directory was found, perhaps with an index.
    fn directory(
        &self,
        asked: &RequestHead<'_>,
        path: &[u8],
        index: Option<OsString>,
    ) -> Missed<'f> {
        if !self.path.ends_with(b"/") && self.path == path {
            return Missed::Slash;
        }
        let Some(index) = index else {
            return refused(Reason::FILE_FORBIDDEN);
        };
        let mut to = path.to_vec();
        if !to.ends_with(b"/") {
            to.push(b'/');
        }
        to.extend_from_slice(index.as_bytes());
        Missed::Path(with_query_of(asked, &to))
    }

    fn nothing(&self) -> Missed<'f> {
        match &self.files.fallback {
            Fallback::Status(404) => refused(Reason::NO_FILE),
            Fallback::Status(status) => refused(Reason::configured(*status)),
            Fallback::Go(destination) => Missed::Go(destination),
        }
    }
}

/// What a client has said is no way out of the directory.
fn index_name<'f>(name: Vec<u8>) -> Option<Cow<'f, OsStr>> {
    let is_name = !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'/' | 0));
    is_name.then(|| Cow::Owned(OsString::from_vec(name)))
}

fn refused<'f>(reason: Reason) -> Missed<'f> {
    Missed::Refused(Direct::refusing(reason))
}

/// Sends the head and then the pieces of the body.
async fn pass_on(
    worker: &Worker,
    client: &mut Client,
    (source, answer): (Source, head::Answer),
    mut out: Vec<u8>,
    record: &mut Record,
) -> After {
    let (head, before) = (out.len() as u64, client.sent);
    let head::Answer {
        pieces,
        mut sink,
        after,
        ..
    } = answer;
    let sent = send_pieces(client, &Arc::new(source), pieces, (&mut sink, &mut out)).await;
    record.body_sent = (client.sent - before).saturating_sub(head);
    record.gzip = sink.totals();
    worker.buffers.put_write(out);
    match sent {
        Ok(()) => {
            record.complete = true;
            after
        }
        Err(Some(reason)) => {
            record.reason = Some(reason);
            After::Close
        }
        Err(None) => {
            record.reason = Some(Reason::CLIENT_GONE);
            After::Close
        }
    }
}

/// Sends the body behind what is in `out`; the error is `None` if the client has left.
async fn send_pieces(
    client: &mut Client,
    source: &Arc<Source>,
    pieces: Vec<Piece>,
    (sink, out): (&mut Sink, &mut Vec<u8>),
) -> Result<(), Option<Reason>> {
    let mut room = Vec::new();
    for piece in pieces {
        let mut range = match piece {
            Piece::Text(text) => {
                sink.push(out, &text);
                continue;
            }
            Piece::File(range) => range,
        };
        while range.start < range.end {
            // Whatever waits in `out` goes first, and is best sent with some of the file.
            if out.is_empty() && sink.is_plain() {
                let sent = without_copying(client, source, &range).await?;
                range.start += sent;
                if sent > 0 {
                    continue;
                }
            }
            let content = if let Some(known) = source.known(&range) {
                known
            } else {
                room = source.read(&range, room).await.map_err(|error| {
                    tracing::error!(%error, "a file cannot be read to its end");
                    Some(Reason::FILE_ERROR)
                })?;
                &room
            };
            range.start += content.len() as u64;
            let written = if sink.is_plain() {
                client.write(out, content).await
            } else {
                sink.push(out, content);
                client.write(out, &[]).await
            };
            written.map_err(|_| None)?;
            out.clear();
        }
    }
    sink.finish(out, &[]);
    if out.is_empty() {
        return Ok(());
    }
    let written = client.write(out, &[]).await;
    written.map_err(|_| None)
}

/// Sends the beginning of a part from memory to the connection; 0 if that is not possible.
async fn without_copying(
    client: &mut Client,
    source: &Source,
    part: &Range<u64>,
) -> Result<u64, Option<Reason>> {
    let Some((file, part)) = source.in_memory(part) else {
        return Ok(0);
    };
    match client.send_file(file, &part).await {
        None => Ok(0),
        Some(sent) => sent.map_err(|_| None),
    }
}
