//! Looking for files and reading them: at once if all is in memory, else on threads that may wait for a
//! disk.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge_core::encoding::Coding;
use edge_core::files::Version;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::{Errno, ReadWriteFlags};

/// Something that is looked for.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    /// Where it would be.
    pub(super) file: PathBuf,
    /// Its path as a request would name it.
    pub(super) path: Vec<u8>,
    /// Whether a directory is looked for, and not a file.
    pub(super) directory: bool,
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    /// Its name, for its media type.
    pub(super) name: PathBuf,
    pub(super) version: Version,
    /// How it is compressed, where another is sent in its place.
    pub(super) coding: Option<Coding>,
    /// Its beginning, which is most often all of it.
    first: Vec<u8>,
}

/// What was found.
pub(super) enum Found {
    File(Source),
    /// A directory by this path, and its index if there is one.
    Directory(Vec<u8>, Option<OsString>),
    Nothing,
    /// It may not be read.
    Forbidden,
}

/// Whether a disk may be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// What is not in memory is an error ([`ErrorKind::WouldBlock`]).
    Never,
    /// As long as it takes: not on a thread that others need.
    Disk,
}

/// How much is read at once.
const BLOCK: usize = 128 * 1024;

/// How much is read when a file is opened: all of most files, of others what fits the first packets
/// beside the head.
const FIRST: u64 = 32 * 1024;
const FIRST_OF_MORE: u64 = 4 * 1024;

/// The first of what is looked for that is there; of a file the first of `codings` in which it is
/// there.
pub(super) fn find(
    tried: &[Tried],
    index: &[Cow<'_, OsStr>],
    codings: &[Coding],
    wait: Wait,
) -> io::Result<Found> {
    for tried in tried {
        let found = if tried.directory {
            directory(tried, index, wait)
        } else {
            open(&tried.file, codings, wait)
        };
        match found {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) if is_absence(&error) => {}
            // Whatever else is wrong may only be so for who cannot wait.
            Err(_) if wait == Wait::Never => return Err(ErrorKind::WouldBlock.into()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Ok(Found::Forbidden);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Found::Nothing)
}

/// No name can be so long, no file is under a file, and no link may lead to itself.
fn is_absence(error: &io::Error) -> bool {
    let absences = [Errno::NOENT, Errno::NOTDIR, Errno::NAMETOOLONG, Errno::LOOP];
    Errno::from_io_error(error).is_some_and(|error| absences.contains(&error))
}

/// Opens something without waiting for who writes to it. Names that are in memory are found without
/// a disk by Linux 5.12 and later.
fn open_path(path: &Path, wait: Wait, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = match wait {
        Wait::Disk => rustix::fs::open(path, flags, Mode::empty()),
        Wait::Never => openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED),
    };
    Ok(File::from(opened?))
}

fn directory(tried: &Tried, index: &[Cow<'_, OsStr>], wait: Wait) -> io::Result<Option<Found>> {
    let directory = open_path(&tried.file, wait, OFlags::PATH)?;
    if !directory.metadata()?.is_dir() {
        return Ok(None);
    }
    for name in index {
        match open_file(&tried.file.join(name), wait) {
            Ok(Some(_)) => {
                let found = Found::Directory(tried.path.clone(), Some(name.to_os_string()));
                return Ok(Some(found));
            }
            Ok(None) => {}
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(Found::Directory(tried.path.clone(), None)))
}

fn open(path: &Path, codings: &[Coding], wait: Wait) -> io::Result<Option<Found>> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(None);
    }
    let Some(plain) = open_file(path, wait)? else {
        return Ok(None);
    };
    for coding in codings {
        let mut other = path.as_os_str().to_os_string();
        other.push(coding.extension());
        match open_file(Path::new(&other), wait) {
            Ok(Some(file)) => return source(file, path, Some(*coding), wait).map(Some),
            Err(error) if !is_absence(&error) && wait == Wait::Never => return Err(error),
            Ok(None) | Err(_) => {}
        }
    }
    source(plain, path, None, wait).map(Some)
}

/// Opens a regular file; whatever else there is would be no answer, and might never end.
fn open_file(path: &Path, wait: Wait) -> io::Result<Option<(File, Metadata)>> {
    let file = open_path(path, wait, OFlags::RDONLY)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

fn source(
    (file, metadata): (File, Metadata),
    path: &Path,
    coding: Option<Coding>,
    wait: Wait,
) -> io::Result<Found> {
    let version = Version {
        length: metadata.len(),
        modified: u64::try_from(metadata.mtime()).unwrap_or_default(),
    };
    let size = match version.length {
        length if length <= FIRST => length,
        _ => FIRST_OF_MORE,
    };
    let mut first = vec![0; usize::try_from(size).unwrap_or_default()];
    let read = match wait {
        Wait::Disk => file.read_at(&mut first, 0)?,
        Wait::Never => read_now(&file, &mut first, 0),
    };
    first.truncate(read);
    Ok(Found::File(Source {
        file,
        name: path.to_owned(),
        version,
        coding,
        first,
    }))
}

/// Reads what is in memory of a file at this place.
fn read_now(file: &File, room: &mut [u8], at: u64) -> usize {
    let mut slices = [IoSliceMut::new(room)];
    // A file system that cannot tell what it has in memory is read as if it had nothing.
    rustix::io::preadv2(file, &mut slices, at, ReadWriteFlags::NOWAIT).unwrap_or_default()
}

impl Source {
    /// As much of this part as was read when the file was opened, if any was.
    pub(super) fn known(&self, part: &Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(part.start).ok()?;
        let known = self.first.get(start..).filter(|known| !known.is_empty())?;
        let length = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
        known.get(..length.min(known.len()))
    }

    /// The file and the beginning of this part of it, if that is in memory: its ends are, and what is
    /// read of a file comes from the disk in larger pieces.
    pub(super) fn in_memory(&self, part: &Range<u64>) -> Option<(&File, Range<u64>)> {
        let end = part.end.min(part.start + BLOCK as u64);
        let ends = [part.start, end.saturating_sub(1)];
        let is_there = |at: &u64| read_now(&self.file, &mut [0], *at) == 1;
        ends.iter()
            .all(is_there)
            .then_some((&self.file, part.start..end))
    }

    /// Reads the beginning of this part, which is not empty, into `room`.
    pub(super) async fn read(
        self: &Arc<Self>,
        part: &Range<u64>,
        mut room: Vec<u8>,
    ) -> io::Result<Vec<u8>> {
        let length = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
        room.resize(length.min(BLOCK), 0);
        let start = part.start;
        let count = read_now(&self.file, &mut room, start);
        if count > 0 {
            room.truncate(count);
            return Ok(room);
        }
        let source = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let count = source.file.read_at(&mut room, start)?;
            room.truncate(count);
            if count == 0 {
                let shorter = "the file has become shorter";
                return Err(io::Error::new(ErrorKind::UnexpectedEof, shorter));
            }
            Ok(room)
        });
        read.await.map_err(io::Error::other)?
    }
}
