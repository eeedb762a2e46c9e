//! Paths on the disk that may differ from request to request (nginx's `root`, `alias`, `access_log` and
//! `auth_basic_user_file` with variables).

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::template::{Template, Varying};

/// A path on the disk.
pub type DiskPath = Varying<PathBuf>;

impl DiskPath {
    /// The path for a request, of whose values `render` makes the text. There is none if that is not
    /// absolute, leads upwards or has a zero byte: most values are what a client says.
    pub fn of(&self, render: impl FnOnce(&Template) -> Vec<u8>) -> Option<Cow<'_, Path>> {
        let template = match self {
            Self::Fixed(path) => return Some(Cow::Borrowed(path)),
            Self::By(template) => template,
        };
        let text = render(template);
        let stays = text.starts_with(b"/") && !text.contains(&0) && !leads_up(&text);
        stays.then(|| Cow::Owned(OsString::from_vec(text).into()))
    }
}

/// Whether a part of a path leads to the directory above.
pub(crate) fn leads_up(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Escape;

    #[test]
    fn no_value_leads_elsewhere() {
        let by = DiskPath::By(Template::parse("/srv/$host", Escape::None).unwrap());
        for (text, path) in [
            ("/srv/a.example", Some("/srv/a.example")),
            ("/srv/..a/b..", Some("/srv/..a/b..")),
            ("/srv/..", None),
            ("/srv/../etc", None),
            ("/srv/a\0", None),
            ("srv", None),
            ("", None),
        ] {
            let found = by.of(|_| text.into());
            assert_eq!(found.as_deref(), path.map(Path::new), "{text:?}");
        }
        let fixed = DiskPath::Fixed("logs/../x".into());
        let found = fixed.of(|_| panic!("there is nothing to render"));
        assert_eq!(found.as_deref(), Some(Path::new("logs/../x")));
    }
}
