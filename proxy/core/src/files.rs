//! Answers from the disk (nginx's `root`, `alias`, `index`, `try_files`): which file, and how much
//! of it.

mod conditions;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub use conditions::{Extent, Version, extent};

use crate::disk_path::{DiskPath, leads_up};
use crate::encoding::Coding;
use crate::error_page::Destination;
use crate::template::{Needs, Template, Varying};

/// Files of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Where they are.
    pub place: FilesPlace,
    /// The files that stand for a directory.
    pub index: Vec<Varying<OsString>>,
    /// What is looked for, in order.
    pub candidates: Vec<Candidate>,
    /// What happens if nothing is found.
    pub fallback: Fallback,
    /// Whether files are looked for that are compressed already.
    pub precompressed: bool,
}

/// Where files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesPlace {
    /// Under this directory by their whole path.
    Root(DiskPath),
    /// Under this path by what follows the route's in theirs.
    Alias {
        /// The route's path.
        of: String,
        /// What replaces it.
        with: DiskPath,
    },
}

/// Something that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its path.
    pub path: Template,
    /// Whether a directory is looked for, and not a file.
    pub directory: bool,
}

/// What happens if nothing is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// The client is told so.
    Status(u16),
    /// The request goes on elsewhere.
    Go(Destination),
}

impl Files {
    /// What its texts need.
    pub fn needs(&self) -> Needs {
        let candidates = self.candidates.iter();
        let candidates = candidates.map(|candidate| candidate.path.needs());
        let fallback = match &self.fallback {
            Fallback::Go(destination) => destination.needs(),
            Fallback::Status(_) => Needs::default(),
        };
        let index = self.index.iter().map(Varying::needs);
        let others = index.chain([fallback, self.directory().needs()]);
        candidates.chain(others).fold(Needs::default(), Needs::and)
    }

    /// The directory that files are in.
    pub fn directory(&self) -> &DiskPath {
        match &self.place {
            FilesPlace::Root(directory) => directory,
            FilesPlace::Alias { with, .. } => with,
        }
    }

    /// Where in that `directory` the file for a path is, if there can be one: a path that could leave
    /// the directory has none, and neither has one with a zero byte, or one that an alias is not for.
    pub fn locate(&self, directory: &Path, path: &[u8]) -> Option<PathBuf> {
        let rest = match &self.place {
            FilesPlace::Root(_) => path,
            FilesPlace::Alias { of, .. } => path.strip_prefix(of.as_bytes())?,
        };
        if rest.contains(&0) || leads_up(rest) {
            return None;
        }
        // Joined as text, since a path that begins with a slash would replace the directory.
        let mut located = directory.as_os_str().to_os_string();
        located.push(OsStr::from_bytes(rest));
        Some(located.into())
    }
}

/// The media type of a file by the end of its name.
pub fn media_type(name: &Path) -> String {
    let guess = mime_guess::from_path(name).first_raw();
    // nginx's default_type of its own configuration file.
    guess.unwrap_or("application/octet-stream").to_owned()
}

impl Coding {
    /// How files end that are compressed so.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_directory() {
        let files = |place| Files {
            place,
            index: Vec::new(),
            candidates: Vec::new(),
            fallback: Fallback::Status(404),
            precompressed: false,
        };
        let fixed = |path: &str| DiskPath::Fixed(path.into());
        let root = files(FilesPlace::Root(fixed("/srv")));
        let alias = files(FilesPlace::Alias {
            of: "/files".into(),
            with: fixed("/data/x"),
        });
        for (files, path, file) in [
            (&root, "/a/b.css", Some("/srv/a/b.css")),
            (&root, "/..a", Some("/srv/..a")),
            (&root, "/a/../../etc/passwd", None),
            (&root, "/a\0", None),
            (&alias, "/files/a", Some("/data/x/a")),
            (&alias, "/files", Some("/data/x")),
            (&alias, "/files/../y", None),
            (&alias, "/other", None),
        ] {
            let directory = files.directory().of(|_| unreachable!()).unwrap();
            let located = files.locate(&directory, path.as_bytes());
            assert_eq!(located, file.map(PathBuf::from), "{path}");
        }
        // nginx's trap: what follows `/files` is `../secret`.
        let trap = files(FilesPlace::Alias {
            of: "/files".into(),
            with: fixed("/data/"),
        });
        assert_eq!(trap.locate(Path::new("/data/"), b"/files../secret"), None);
    }
}
