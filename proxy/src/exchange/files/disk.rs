//! Looking for files and reading them, on threads that may wait for a disk.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge_core::encoding::Coding;
use edge_core::files::Version;
use nix::errno::Errno;
use nix::fcntl::OFlag;

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
    Directory(Vec<u8>, Option<String>),
    Nothing,
    /// It may not be read.
    Forbidden,
}

/// How much is read at once.
const BLOCK: usize = 128 * 1024;

/// How much is read when a file is opened.
const FIRST: usize = 32 * 1024;

/// The first of what is looked for that is there; of a file the first of `codings` in which it is
/// there.
pub(super) fn find(tried: &[Tried], index: &[String], codings: &[Coding]) -> io::Result<Found> {
    for tried in tried {
        let found = if tried.directory {
            directory(tried, index)
        } else {
            open(&tried.file, codings)
        };
        match found {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) if is_absence(&error) => {}
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
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(
        code,
        Some(Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG | Errno::ELOOP)
    )
}

fn directory(tried: &Tried, index: &[String]) -> io::Result<Option<Found>> {
    if !fs::metadata(&tried.file)?.is_dir() {
        return Ok(None);
    }
    let is_there = |name: &&String| tried.file.join(name.as_str()).is_file();
    let index = index.iter().find(is_there).cloned();
    Ok(Some(Found::Directory(tried.path.clone(), index)))
}

fn open(path: &Path, codings: &[Coding]) -> io::Result<Option<Found>> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(None);
    }
    let Some((file, metadata)) = open_file(path)? else {
        return Ok(None);
    };
    for coding in codings {
        let mut other = path.as_os_str().to_os_string();
        other.push(coding.extension());
        if let Ok(Some((file, metadata))) = open_file(Path::new(&other)) {
            return source(file, &metadata, path, Some(*coding)).map(Some);
        }
    }
    source(file, &metadata, path, None).map(Some)
}

/// Opens a regular file; whatever else there is would be no answer, and might never end.
fn open_file(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    // A pipe without a writer would be waited for.
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

fn source(
    file: File,
    metadata: &Metadata,
    path: &Path,
    coding: Option<Coding>,
) -> io::Result<Found> {
    let version = Version {
        length: metadata.len(),
        modified: u64::try_from(metadata.mtime()).unwrap_or_default(),
    };
    let size = usize::try_from(version.length).map_or(FIRST, |length| length.min(FIRST));
    let mut first = vec![0; size];
    let read = file.read_at(&mut first, 0)?;
    first.truncate(read);
    Ok(Found::File(Source {
        file,
        name: path.to_owned(),
        version,
        coding,
        first,
    }))
}

/// The beginning of this part of a file, which is not empty.
pub(super) async fn read(source: &Arc<Source>, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let most = usize::try_from(range.end - range.start).map_or(BLOCK, |rest| rest.min(BLOCK));
    let known = usize::try_from(range.start).ok();
    let known = known.and_then(|start| source.first.get(start..));
    if let Some(known) = known.filter(|known| !known.is_empty()) {
        return Ok(known
            .get(..most.min(known.len()))
            .unwrap_or_default()
            .to_vec());
    }
    let (source, start) = (Arc::clone(source), range.start);
    let read = tokio::task::spawn_blocking(move || {
        let mut content = vec![0; most];
        let count = source.file.read_at(&mut content, start)?;
        content.truncate(count);
        if count == 0 {
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the file has become shorter",
            ));
        }
        Ok(content)
    });
    read.await.map_err(io::Error::other)?
}
