use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::finding::Finding;

struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.0.get(path).ok_or("there is no such file")?;
        Ok((*found).to_owned())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let start = pattern.trim_end_matches('*');
        let names = self.0.keys().filter(|name| name.starts_with(start));
        Ok(names.map(|name| (*name).to_owned()).collect())
    }

    fn runs(&self, _program: &str) -> Option<bool> {
        None
    }
}

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }

    fn list(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Err("this test has one file".to_owned())
    }

    fn runs(&self, _program: &str) -> Option<bool> {
        None
    }
}

fn print(statements: &[Statement]) -> String {
    let print = |statement: &Statement| {
        let words = [&[statement.keyword.clone()][..], &statement.words].concat();
        match &statement.block {
            Some(block) => format!("{}{{{}}}", words.join("|"), print(block)),
            None => format!("{};", words.join("|")),
        }
    };
    let printed: Vec<String> = statements.iter().map(print).collect();
    printed.concat()
}

fn read_for(text: &str, node: Option<&str>) -> (Result<String, String>, Vec<Finding>) {
    let mut findings = Findings::default();
    let read = read("k.conf", &One(text), node, &mut findings);
    let read = read.map(|statements| print(&statements));
    (
        read.map_err(|mistake| mistake.to_string()),
        findings.into_vec(),
    )
}

fn reading(text: &str) -> String {
    read_for(text, Some("main")).0.unwrap()
}

#[test]
fn words_and_comments() {
    assert_eq!(reading("a b  c ! d\n# e\n! f\n\tg#h"), "a|b|c;g;");
    assert_eq!(
        reading(r#"a "b # c" d"e f"g 'h "i"'"#),
        "a|b # c|de fg|h \"i\";"
    );
    assert_eq!(reading(r#"a "b \"c\"" \# d"#), "a|b \"c\"|#|d;");
    assert_eq!(reading(r#"a """#), "a|;");
}

/// keepalived 2.2.7 takes all of these.
#[test]
fn braces_may_be_anywhere() {
    let expected = "a|b{c;d{e|f;}}g;";
    for text in [
        "a b {\nc\nd {\ne f\n}\n}\ng",
        "a b\n{\nc\nd\n{\ne f\n}\n}\ng",
        "a b{\nc\nd{ e f }\n}\ng",
        "a b {\nc\nd { e f\n} }\ng",
    ] {
        assert_eq!(reading(text), expected, "{text}");
    }
}

#[test]
fn blocks_that_do_not_fit() {
    let (read, findings) = read_for("a {\n b\n", None);
    assert_eq!(read.unwrap(), "a{b;}");
    assert_eq!(findings[0].message, "the block of `a` is not closed");
    let (read, findings) = read_for("a\n}\nb", None);
    assert_eq!(read.unwrap(), "a;b;");
    assert_eq!(findings[0].at.line, 2);
    assert!(read_for("{", None).0.is_err());
    assert!(read_for(&"a {\n".repeat(40), None).0.is_err());
}

/// The example of keepalived.conf(5).
#[test]
fn definitions_are_replaced_when_they_are_used() {
    let text = "$ADDRESS_BASE=10.2.${ADDRESS_BASE_SUB}\n\
                $ADDRESS_BASE_SUB=0\n\
                ${ADDRESS_BASE}.100/32\n\
                $ADDRESS_BASE_SUB=10\n\
                ${ADDRESS_BASE}.100/32";
    assert_eq!(reading(text), "10.2.0.100/32;10.2.10.100/32;");
    assert_eq!(reading("$P=90\npriority $P\nx $P."), "priority|90;x|$P.;");
    assert_eq!(reading("$E=\na $E b"), "a|b;");
    assert_eq!(reading("a ${NOBODY}/24 $x"), "a|${NOBODY}/24|$x;");
}

#[test]
fn definitions_may_have_several_lines() {
    let text = "$I= \\\nvrrp_instance VI_${N} { \\\n priority ${N} \\\n}\n$N=1\n$I\n$N=2\n$I";
    assert_eq!(
        reading(text),
        "vrrp_instance|VI_1{priority|1;}vrrp_instance|VI_2{priority|2;}"
    );
}

#[test]
fn definitions_without_an_end_are_refused() {
    for text in ["$A=${A}\nx $A", "$A=$B\n$B=$A\nx $A", "$A=b${A}${A}\nx $A"] {
        let error = read_for(text, None).0.unwrap_err();
        assert!(
            error.contains("names itself") || error.contains("name itself"),
            "{error}"
        );
    }
}

#[test]
fn lines_for_one_node() {
    let text = "@main a 1\n@backup a 2\n@^main b 1\n@^backup b 2";
    assert_eq!(reading(text), "a|1;b|2;");
    assert_eq!(read_for(text, Some("backup")).0.unwrap(), "a|2;b|1;");
    let (read, findings) = read_for(text, None);
    assert_eq!(read.unwrap(), "b|1;b|2;");
    assert_eq!(findings.len(), 4);
}

#[test]
fn files_are_included_where_they_are_named() {
    let files = Memory(BTreeMap::from([
        ("/etc/k/k.conf", "a {\ninclude more/*\n}\nb"),
        ("/etc/k/more/1", "c"),
        ("/etc/k/more/2", "d # e"),
        ("/etc/k/loop", "include loop"),
    ]));
    let read = |main| read(main, &files, None, &mut Findings::default());
    let statements = read("/etc/k/k.conf").unwrap();
    assert_eq!(print(&statements), "a{c;d;}b;");
    assert_eq!(statements[0].inside()[1].at.to_string(), "/etc/k/more/2:1");
    let mistake = read("/etc/k/loop").unwrap_err();
    assert!(mistake.message.contains("include itself"), "{mistake}");
    let mistake = read("/etc/none").unwrap_err();
    assert_eq!(
        mistake.to_string(),
        "/etc/none:0: /etc/none cannot be read: there is no such file"
    );
}

proptest! {
    #[test]
    fn no_text_harms(text in "[a{}$=\"'\\\\@!#\n ]{0,60}") {
        let (read, findings) = read_for(&text, Some("a"));
        prop_assert!(read.is_ok() || findings.len() <= text.len());
    }
}
