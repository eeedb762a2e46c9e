//! The place of a Unix socket in the file system.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use edge_core::config::Listener;
use socket2::{Domain, SockAddr, Socket, Type};

/// A Unix socket's file, removed with this value.
///
/// It is bound under a name beside its own and takes its place only by [`SocketFile::publish`]: until
/// then nothing has changed for clients, and from then on they find it with its permissions set.
#[derive(Debug)]
pub(crate) struct SocketFile {
    /// Where it is now.
    path: PathBuf,
    /// Where clients look for it.
    place: PathBuf,
    /// Device and inode: what is removed must be this file, not another's that took its place.
    identity: (u64, u64),
    /// Whether it is ours to remove, and not another process's that still listens, or listens now.
    ours: bool,
}

impl SocketFile {
    /// Binds a socket for `place`. One that is there already is replaced if nobody answers on it,
    /// or if it `is_ours`.
    pub(super) fn bind(
        place: &Path,
        listener: &Listener,
        is_ours: bool,
    ) -> io::Result<(UnixListener, Self)> {
        if !is_ours {
            refuse_if_used(place)?;
        }
        let mut path = place.as_os_str().to_owned();
        path.push(".new");
        let path = PathBuf::from(path);
        remove(&path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&path)?)?;
        let metadata = fs::symlink_metadata(&path)?;
        let file = Self {
            identity: (metadata.dev(), metadata.ino()),
            place: place.to_owned(),
            path,
            ours: true,
        };
        file.set_mode(listener.mode)?;
        socket.listen(listener.backlog)?;
        socket.set_nonblocking(true)?;
        Ok((socket.into(), file))
    }

    /// The file of a socket that the process before this one has put into its `place`. It stays that
    /// process's until it is [published](Self::publish).
    pub(super) fn of_predecessor(place: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(place)?;
        Ok(Self {
            identity: (metadata.dev(), metadata.ino()),
            place: place.to_owned(),
            path: place.to_owned(),
            ours: false,
        })
    }

    /// Moves the socket to where clients look for it, in place of what is there.
    pub(crate) fn publish(&mut self) -> io::Result<()> {
        if self.path != self.place {
            fs::rename(&self.path, &self.place)?;
            self.path.clone_from(&self.place);
        }
        self.ours = true;
        Ok(())
    }

    /// Gives it the permissions that are configured.
    pub(super) fn set_mode(&self, mode: u32) -> io::Result<()> {
        fs::set_permissions(&self.path, Permissions::from_mode(mode))
    }

    /// Leaves the file to another process, or takes it back.
    pub(crate) fn set_ours(&mut self, ours: bool) {
        self.ours = ours;
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_this = self.ours
            && fs::symlink_metadata(&self.path)
                .is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if is_this && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a socket cannot be removed");
        }
    }
}

fn refuse_if_used(place: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(place) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file of this name that is no socket",
        ));
    }
    // Left over from a process that was killed: nobody answers.
    match UnixStream::connect(place) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use edge_core::address::Address;
    use edge_core::config::Listener;

    use crate::listen::bind;

    #[test]
    fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("edge.sock");
        let listener = Listener::new(Address::Unix(place.clone()));
        let used = UnixListener::bind(&place).unwrap();
        let error = bind(&listener, 1, &[]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        drop(used);
        assert!(place.exists(), "a socket outlives its process");
        let mut bound = bind(&listener, 2, &[]).unwrap();
        assert!(UnixStream::connect(&place).is_err(), "not yet published");
        let mut file = bound.file.take().unwrap();
        file.publish().unwrap();
        UnixStream::connect(&place).unwrap();
        drop(file);
        assert!(!place.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_its_own_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("edge.sock");
        let listener = Listener::new(Address::Unix(place.clone()));
        let publish = |present: &[Listener]| {
            let mut bound = bind(&listener, 1, present).unwrap();
            bound.file.as_mut().unwrap().publish().unwrap();
            bound
        };
        let old = publish(&[]);
        let new = publish(std::slice::from_ref(&listener));
        drop(old);
        UnixStream::connect(&place).unwrap();
        drop(new);
        assert!(!place.exists());
        std::fs::write(&place, "not a socket").unwrap();
        assert!(bind(&listener, 1, &[]).is_err());
        assert!(place.exists());
    }
}
