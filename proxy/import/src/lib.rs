//! nginx's configuration, read exactly and rewritten as the edge's.
//!
//! A pure crate: it is handed the name of the main file and [`Files`] to read from, and returns the text
//! of a configuration and an account of everything that is not the same. Three steps:
//!
//! 1. `syntax`: words, blocks, included files, as `ngx_conf_file.c` has them;
//! 2. `level`: what holds at a place, by nginx's rules of what is inherited;
//! 3. `translate`: the same in the edge's words. Whatever directive nobody has looked at in the end is
//!    looked up in the `catalogue`, so that none is passed over in silence.

mod catalogue;
mod document;
mod expression;
mod level;
mod note;
mod quantity;
mod syntax;
mod text;
mod translate;

pub use note::{Note, Severity};
pub use syntax::{At, Files, Mistake, Source};
pub use translate::{Imported, import};
