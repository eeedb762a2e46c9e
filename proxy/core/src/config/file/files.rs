//! `files`: answers from the disk.

use schemars::JsonSchema;
use serde::Deserialize;

/// Files of a directory.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The directory in which the whole path is looked for, with `$variables`.
    pub root: Option<String>,
    /// In its place: the directory in which what follows the route's path is looked for; for an exact
    /// path the file itself. With `$variables`.
    pub alias: Option<String>,
    /// The files that stand for a directory, with `$variables`; the first that is there.
    #[serde(default = "default_index")]
    pub index: Vec<String>,
    /// What is looked for instead of the path, with `$variables`, directories with a slash at the end;
    /// the last is a path to go on with, `"@name"`, or `"=404"` (nginx's `try_files`).
    #[serde(rename = "try")]
    pub candidates: Option<Vec<String>>,
    /// Whether `x.br`, `x.zst` or `x.gz` is sent for `x` to clients that like it (nginx's
    /// `gzip_static`).
    #[serde(default)]
    pub precompressed: bool,
}

fn default_index() -> Vec<String> {
    // nginx's.
    vec!["index.html".to_owned()]
}
