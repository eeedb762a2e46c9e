//! Which program takes this one's place.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The program that this process was started as, and how.
///
/// The kernel's own answer (`/proc/self/exe`) is the file that was executed, however it is called by
/// now: after an update it is the deleted one. What counts is the path by which it was found, so that
/// the file that lies there at the time of an upgrade is the new one, also where that path is a link
/// to the version in use.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    /// Where it was found.
    pub(crate) path: PathBuf,
    /// What it was called (`argv[0]`).
    pub(crate) name: OsString,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
}

impl Binary {
    /// Finds out while it is certain: before the file is replaced and the working directory changes.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let executed = env::current_exe()?;
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_default();
        let found = candidates(&name).find(|path| is_same(path, &executed));
        Ok(Self {
            path: found.unwrap_or(executed),
            name,
            arguments: arguments.collect(),
        })
    }
}

/// Where a shell may have found `name`. Programs may be given any name, so none of these need be it.
fn candidates(name: &OsString) -> impl Iterator<Item = PathBuf> {
    let given = Path::new(name);
    let folders = if given.components().count() > 1 {
        vec![PathBuf::new()]
    } else {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).collect()
    };
    let paths = folders.into_iter().map(move |folder| folder.join(name));
    paths.filter_map(|path| std::path::absolute(path).ok())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    match (identity(one), identity(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
