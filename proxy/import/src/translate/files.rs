//! `root`, `alias`, `index`, `try_files`: answers from the disk.

use super::Import;
use super::answers::{Answer, has_location, refused};
use super::routes::{Pattern, Place};
use crate::document::Value;
use crate::syntax::Directive;

impl<'d> Import<'d> {
    /// Files for a place: also where nothing is said about files, since that is what nginx then answers
    /// with.
    pub(super) fn files(&self, place: &Place<'_, 'd>) -> Answer {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        let mut tried = place.own_one("try_files").map(|one| self.tried(one, place));
        if tried.is_none() {
            tried = place
                .fallback
                .as_ref()
                .map(|to| ["$uri", "$uri/", to.as_str()].map(str::to_owned).into());
        }
        // The inner one of both holds.
        let is_alias = |block: &&[Directive]| {
            block.iter().rev().find_map(|one| match one.name.as_str() {
                "alias" => Some(true),
                "root" => Some(false),
                _ => None,
            })
        };
        let alias = place.level.blocks().iter().rev().find_map(is_alias);
        let alias = place.level.one("alias").filter(|_| alias == Some(true));
        let root = place.level.one("root");
        if let Some(alias) = alias {
            match self.alias(alias, place) {
                Some(("root", root, path)) => {
                    pairs.push(("root".to_owned(), Value::text(root)));
                    tried = Some(vec![path, "=404".to_owned()]);
                }
                Some((_, alias, _)) => pairs.push(("alias".to_owned(), Value::text(alias))),
                None => return refused(501),
            }
        } else if let Some(root) = root {
            let path = place
                .variables
                .text(&self.in_prefix(root.first()), root, self.notes);
            pairs.push(("root".to_owned(), Value::text(path)));
        } else if tried.is_some() || place.level.one("index").is_some() {
            pairs.push(("root".to_owned(), Value::text(self.in_prefix("html"))));
        } else {
            // nginx looks in the directory that it was built with, where nobody keeps anything.
            return refused(404);
        }
        if let Some(index) = place.level.one("index")
            && index.words != ["index.html"]
        {
            pairs.push(("index".to_owned(), Value::texts(self.index(index, place))));
        }
        if let Some(tried) = tried {
            pairs.push(("try".to_owned(), Value::texts(tried)));
        }
        let is_on = |name: &str| {
            place
                .level
                .one(name)
                .is_some_and(|one| one.first() != "off")
        };
        if is_on("gzip_static") || is_on("brotli_static") {
            pairs.push(("precompressed".to_owned(), Value::Switch(true)));
        }
        ("files", Value::Inline(pairs))
    }

    fn tried(&self, directive: &Directive, place: &Place<'_, 'd>) -> Vec<String> {
        let text = |word: &String| place.variables.text(word, directive, self.notes);
        let mut tried: Vec<String> = directive.words.iter().map(text).collect();
        if let Some(last) = tried
            .last_mut()
            .filter(|last| !has_location(&place.level, last))
        {
            self.notes
                .lost(directive, "there is no location of this name", "");
            // What nginx answers then.
            "=500".clone_into(last);
        }
        tried
    }

    fn index(&self, directive: &Directive, place: &Place<'_, 'd>) -> Vec<String> {
        let mut index = Vec::new();
        for word in &directive.words {
            if word.contains('/') {
                self.notes.lost(
                    directive,
                    "an index is the name of a file, and no path",
                    "put it into `try`",
                );
            } else {
                index.push(place.variables.text(word, directive, self.notes));
            }
        }
        index
    }

    /// An alias; of an expression's location a root and a path below it.
    fn alias(
        &self,
        directive: &'d Directive,
        place: &Place<'_, 'd>,
    ) -> Option<(&'static str, String, String)> {
        let text = place
            .variables
            .text(&self.in_prefix(directive.first()), directive, self.notes);
        match &place.pattern {
            Pattern::Exact(_) => Some(("alias", text, String::new())),
            Pattern::Prefix(path, _) => {
                let text = match (path.ends_with('/'), text.ends_with('/')) {
                    (true, false) => {
                        let message = "the alias has no slash at its end, so nginx joins names to it; here it has one";
                        self.notes.differs(directive, message, "");
                        format!("{text}/")
                    }
                    (false, true) => text.trim_end_matches('/').to_owned(),
                    _ => text,
                };
                Some(("alias", text, String::new()))
            }
            Pattern::Regex(_) => {
                let split = text.find('$').and_then(|at| text.get(..at)?.rfind('/'));
                let parts = split.and_then(|at| text.split_at_checked(at));
                let Some((root, path)) = parts.filter(|(root, _)| !root.is_empty()) else {
                    let help = "files = { root = \"...\", try = [\"/$1\", \"=404\"] }";
                    self.notes
                        .lost(directive, "there is no directory that it begins with", help);
                    return None;
                };
                Some(("root", root.to_owned(), path.to_owned()))
            }
            Pattern::Named(_) => {
                self.notes.lost(
                    directive,
                    "there is no path whose place it could take",
                    "root = \"...\"",
                );
                None
            }
        }
    }
}
