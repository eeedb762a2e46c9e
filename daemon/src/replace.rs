//! Files that are replaced as a whole.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Puts `content` into the place of a file, which is then readable by this user alone. It is written
/// beside its place first, so that whoever reads it sees the old content or the new one, whatever
/// happens meanwhile.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Such files can be read by their owner only.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name is the folder's.
    File::open(folder)?.sync_all()
}
