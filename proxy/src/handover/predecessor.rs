//! The process whose place this one takes, as this one sees it.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net;
use std::time::Duration;

use edge_core::address::Address;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Answer, Descriptor, Error, Manifest, VARIABLE, VERSION, Word, wire};
use crate::listen::{From, Inherited};

/// A process that waits for this one to be ready.
#[derive(Debug)]
pub(crate) struct Predecessor {
    stream: net::UnixStream,
    /// What it has told.
    pub(crate) manifest: Manifest,
}

/// For what the other process sends without having to think.
const PATIENCE: Duration = Duration::from_secs(10);

impl Predecessor {
    /// Takes what the process before this one hands over, if there is one; its sockets go to
    /// `inherited`, and its standard input becomes this process's.
    pub(crate) fn greet(inherited: &mut Inherited) -> Result<Option<Self>, Error> {
        if env::var_os(VARIABLE).is_none() {
            return Ok(None);
        }
        let stream = net::UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        stream.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stream, manifest, descriptors) = runtime
            .block_on(async { timeout(PATIENCE, receive(stream)).await })
            .map_err(|_| Error::Io(io::ErrorKind::TimedOut.into()))??;
        let predecessor = Self { stream, manifest };
        if let Err(error) = predecessor.distribute(descriptors, inherited) {
            predecessor.refuse(&error.to_string());
            return Err(error);
        }
        Ok(Some(predecessor))
    }

    fn distribute(
        &self,
        descriptors: Vec<OwnedFd>,
        inherited: &mut Inherited,
    ) -> Result<(), Error> {
        if self.manifest.version != VERSION {
            return Err(Error::Version(self.manifest.version));
        }
        let mut stdin = None;
        for (descriptor, is) in descriptors.into_iter().zip(&self.manifest.descriptors) {
            match is {
                Descriptor::Stdin => stdin = Some(descriptor),
                Descriptor::Socket {
                    address,
                    service_manager,
                } => {
                    let address: Address = address.parse().map_err(io::Error::other)?;
                    let from = if *service_manager {
                        From::ServiceManager
                    } else {
                        From::Predecessor
                    };
                    inherited.add(address, descriptor, from)?;
                }
            }
        }
        let stdin = match stdin {
            Some(stdin) => stdin,
            None => File::open("/dev/null")?.into(),
        };
        Ok(rustix::stdio::dup2_stdin(stdin).map_err(io::Error::from)?)
    }

    /// Says why this process does not take over. Nobody listens if the other has given up already.
    pub(crate) fn refuse(&self, reason: &str) {
        let answer = Answer::Failed {
            reason: reason.to_owned(),
        };
        let said = wire::frame(&answer).and_then(|frame| (&self.stream).write_all(&frame));
        if let Err(error) = said {
            tracing::debug!(%error, "the process before this one does not hear that it fails");
        }
    }

    /// Says that this process accepts connections, for `kept` on the sockets that it was given, and
    /// waits to be told that it is the one.
    pub(crate) async fn ready(&self, kept: Vec<Address>) -> Result<Taking, Error> {
        let mut stream = UnixStream::from_std(self.stream.try_clone()?)?;
        let kept = kept.iter().map(ToString::to_string).collect();
        wire::write(&mut stream, &Answer::Ready { kept }).await?;
        match wire::read(&mut stream).await? {
            Word::Go => Ok(Taking { stream }),
        }
    }
}

/// This process is told to take over.
#[derive(Debug)]
pub(crate) struct Taking {
    stream: UnixStream,
}

impl Taking {
    /// Says that it has, and waits until the other has told the service manager.
    pub(crate) async fn serving(mut self) {
        let end = async {
            wire::write(&mut self.stream, &Answer::Serving).await?;
            self.stream.read(&mut [0]).await
        };
        // If it has died meanwhile, so much the more is this the one.
        if !matches!(timeout(PATIENCE, end).await, Ok(Ok(0))) {
            tracing::warn!("the process before this one does not say that it leaves");
        }
    }
}

async fn receive(
    stream: net::UnixStream,
) -> Result<(net::UnixStream, Manifest, Vec<OwnedFd>), Error> {
    let mut stream = UnixStream::from_std(stream)?;
    let manifest: Manifest = wire::read(&mut stream).await?;
    let descriptors = wire::receive(&stream, manifest.descriptors.len()).await?;
    Ok((stream.into_std()?, manifest, descriptors))
}
