//! `gzip` and `brotli`: compression, which the edge has for a site.

use super::Import;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::syntax::Directive;

impl<'d> Import<'d> {
    pub(super) fn compression(level: &Level<'d>, table: &mut Table) {
        let is_on = |name: &str| level.one(name).is_some_and(Directive::is_on);
        let (gzip, brotli) = (is_on("gzip"), is_on("brotli"));
        if !gzip && !brotli {
            return;
        }
        let number = |name: &str, default: u64| {
            let written = level.one(name).and_then(|one| one.first().parse().ok());
            Value::Number(written.unwrap_or(default))
        };
        let main = if brotli { "brotli" } else { "gzip" };
        let mut types = vec!["text/html".to_owned()];
        if let Some(more) = level.one(&format!("{main}_types")) {
            let more = more.words.iter().filter(|word| *word != "text/html");
            types.extend(more.cloned());
        }
        if types.iter().any(|word| word == "*") {
            types = vec!["*".to_owned()];
        }
        let length = level.one(&format!("{main}_min_length"));
        let length = length.map_or("20", |one| one.first());
        let mut pairs = Vec::new();
        let mut add = |key: &str, value: Value| pairs.push((key.to_owned(), value));
        if brotli {
            let prefer: &[&str] = if gzip { &["br", "gzip"] } else { &["br"] };
            add("prefer", Value::texts(prefer.iter().copied()));
            add("brotli", number("brotli_comp_level", 6));
            if gzip {
                add("gzip", number("gzip_comp_level", 1));
            }
        } else {
            add("level", number("gzip_comp_level", 1));
        }
        add("min_length", Value::text(length));
        add("types", Value::texts(types));
        table.set(
            if brotli { "compress" } else { "gzip" },
            Value::Inline(pairs),
        );
    }

    /// Compression of a location is that of its site.
    pub(super) fn check_compression(&self, level: &Level<'d>, outer: &Level<'d>) {
        for name in [
            "gzip",
            "brotli",
            "gzip_types",
            "gzip_comp_level",
            "gzip_min_length",
        ] {
            let around = outer.one(name);
            for own in level.own(name) {
                let is_off = |one: Option<&Directive>| one.is_none_or(|one| one.first() == "off");
                let same = around.map(|one| &one.words) == Some(&own.words)
                    || (is_off(around) && is_off(Some(own)));
                if !same {
                    let help = "its answers can say `Cache-Control: no-transform`, or the site can do without";
                    self.notes
                        .differs(own, "compression is the same for a whole site", help);
                }
            }
        }
    }
}
