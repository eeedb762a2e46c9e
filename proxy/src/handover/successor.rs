//! The process that is to take this one's place, as this one sees it.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use edge_core::address::Address;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Answer, Binary, Error, Manifest, VARIABLE, Word, wire};

/// A new process; killed when dropped, unless it has [taken over](Self::take_over).
#[derive(Debug)]
pub(crate) struct Successor {
    child: Child,
    stream: UnixStream,
    has_taken_over: bool,
    /// Its process id.
    pub(crate) id: u32,
}

/// How long a process that is ready may need to write its pid file and to move its Unix sockets.
const LAST_STEP: Duration = Duration::from_secs(10);

/// How long a process that no longer talks may take to end by itself, so that one can say how it did.
const LAST_BREATH: Duration = Duration::from_secs(1);

impl Successor {
    /// Starts `binary`, with this process's arguments and environment but for what is about this
    /// process alone.
    pub(crate) fn start(binary: &Binary) -> Result<Self, Error> {
        let failed = |error| Error::Start(binary.path.display().to_string(), error);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new(&binary.path)
            .arg0(&binary.name)
            .args(&binary.arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .env(VARIABLE, "1")
            // The time is that of the service; the process, from now on, another.
            .env_remove("WATCHDOG_PID")
            .spawn()
            .map_err(failed)?;
        Ok(Self {
            id: child.id().unwrap_or_default(),
            child,
            stream: UnixStream::from_std(ours)?,
            has_taken_over: false,
        })
    }

    /// Tells it everything and waits, no longer than `patience`, until it accepts connections; the
    /// addresses for which it uses the sockets it was given.
    pub(crate) async fn prepare(
        &mut self,
        manifest: &Manifest,
        descriptors: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<Vec<Address>, Error> {
        let stream = &mut self.stream;
        let talk = async {
            wire::write(stream, manifest).await?;
            wire::send(stream, descriptors).await?;
            wire::read(stream).await
        };
        match answer(talk, &mut self.child, patience).await? {
            Answer::Ready { kept } => {
                Ok(kept.iter().filter_map(|kept| kept.parse().ok()).collect())
            }
            Answer::Failed { reason } => Err(Error::Failed(reason)),
            Answer::Serving => Err(Error::Nonsense),
        }
    }

    /// Has it take over, and waits until it has. From then on it is not this process's to end.
    pub(crate) async fn take_over(&mut self) -> Result<(), Error> {
        let stream = &mut self.stream;
        let talk = async {
            wire::write(stream, &Word::Go).await?;
            wire::read(stream).await
        };
        match answer(talk, &mut self.child, LAST_STEP).await? {
            Answer::Serving => self.has_taken_over = true,
            Answer::Failed { reason } => return Err(Error::Failed(reason)),
            Answer::Ready { .. } => return Err(Error::Nonsense),
        }
        Ok(())
    }

    /// Lets it know that the service manager knows. If it has died meanwhile, that is for others to
    /// find out.
    pub(crate) async fn dismiss(&mut self) {
        self.stream.shutdown().await.unwrap_or_default();
    }

    /// Waits for its end.
    pub(crate) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }
}

/// What it says, or how it ended instead.
async fn answer(
    talk: impl Future<Output = std::io::Result<Answer>>,
    child: &mut Child,
    patience: Duration,
) -> Result<Answer, Error> {
    tokio::select! {
        // What it said before it ended is worth more than how it ended.
        biased;
        answer = talk => match answer {
            Ok(answer) => Ok(answer),
            Err(error) => match timeout(LAST_BREATH, child.wait()).await {
                Ok(Ok(status)) => Err(Error::Ended(status)),
                _ => Err(Error::Io(error)),
            },
        },
        status = child.wait() => Err(Error::Ended(status?)),
        () = sleep(patience) => Err(Error::Silent(patience)),
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        if !self.has_taken_over {
            // An error means that it has ended.
            self.child.start_kill().unwrap_or_default();
        }
    }
}
