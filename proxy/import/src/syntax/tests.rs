use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Directive, Files, read};

/// Files in memory; a pattern is one for the directory before its star.
struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| "not there".to_owned())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let (start, _) = pattern.split_once('*').ok_or("no star")?;
        let names = self.0.keys().filter(|name| name.starts_with(start));
        Ok(names.cloned().collect())
    }
}

fn files(files: &[(&str, &str)]) -> Memory {
    let files = files.iter();
    Memory(
        files
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect(),
    )
}

fn parsed(text: &str) -> Result<Vec<Directive>, String> {
    read("/n/nginx.conf", &files(&[("/n/nginx.conf", text)])).map_err(|error| error.to_string())
}

fn words(text: &str) -> Vec<Vec<String>> {
    let whole = |directive: Directive| {
        let name = std::iter::once(directive.name);
        name.chain(directive.words).collect()
    };
    parsed(text).unwrap().into_iter().map(whole).collect()
}

#[test]
fn words_are_read_as_nginx_reads_them() {
    for (text, expected) in [
        ("a b  c;", vec!["a", "b", "c"]),
        ("a # b;\n c;", vec!["a", "c"]),
        ("a b#c;", vec!["a", "b#c"]),
        (r#"a "b c" 'd;{}';"#, vec!["a", "b c", "d;{}"]),
        (r#"a "b\"c" '\'' "\\";"#, vec!["a", "b\"c", "'", "\\"]),
        (r"a ^\.x\d$ \;;", vec!["a", r"^\.x\d$", r"\;"]),
        (r#"a "1\t2";"#, vec!["a", "1\t2"]),
        ("a ${b}c$d;", vec!["a", "${b}c$d"]),
        ("a b\"c;", vec!["a", "b\"c"]),
        ("\u{feff}a ü;", vec!["a", "ü"]),
    ] {
        assert_eq!(words(text), vec![expected], "{text}");
    }
}

#[test]
fn blocks_nest_and_lua_is_passed_over() {
    let lua = "content_by_lua_block { local a = '}' -- }\n if x then { } end } b;";
    let found = parsed(&format!("http {{ server {{ {lua} }} }}")).unwrap();
    let server = &found[0].inside()[0];
    let names: Vec<_> = server.inside().iter().map(|one| &one.name).collect();
    assert_eq!(names, ["content_by_lua_block", "b"]);
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (text, expected) in [
        (
            "a {\n b;\n",
            "/n/nginx.conf:1: the block of `a` is not closed",
        ),
        (
            "a;\n}\n",
            "/n/nginx.conf:2: there is a `}` where a directive has to begin",
        ),
        ("s {\n a b\n}", "/n/nginx.conf:2: `a` has no `;` at its end"),
        ("a 'b", "/n/nginx.conf:1: the quotation mark is not closed"),
        (
            "a 'b'c;",
            "/n/nginx.conf:1: a space or `;` has to follow what is in quotation marks",
        ),
        ("a", "/n/nginx.conf:1: the file ends before the `;` of `a`"),
        (
            "include x;",
            "/n/nginx.conf:1: /n/x cannot be read: not there",
        ),
    ] {
        assert_eq!(parsed(text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn files_are_included_where_they_are_named() {
    let memory = files(&[
        ("/n/nginx.conf", "a; include sites/*; include /x;"),
        ("/n/sites/1", "b; include deep;"),
        ("/n/sites/2", "c;"),
        ("/n/deep", "d;"),
        ("/x", "e;"),
    ]);
    let found = read("/n/nginx.conf", &memory).unwrap();
    let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "d", "c", "e"]);
    assert_eq!(found[2].at.to_string(), "/n/deep:1");
    let endless = files(&[("/n/nginx.conf", "include nginx.conf;")]);
    let error = read("/n/nginx.conf", &endless).unwrap_err().to_string();
    assert!(error.ends_with("includes itself"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let memory = Memory([("f".to_owned(), text)].into());
        drop(read("f", &memory));
    }

    #[test]
    fn nothing_that_looks_like_it_is_too_much(text in "[a-c ;{}\"'\\\\$#\n]{0,60}") {
        drop(parsed(&text));
    }
}
