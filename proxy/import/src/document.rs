//! A configuration of the edge as it is going to be written: keys in an order that reads well, and
//! comments where they belong.

/// A value of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Switch(bool),
    List(Vec<Self>),
    Inline(Vec<(String, Self)>),
}

/// A table, with what is said before it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Table {
    pub(crate) comments: Vec<String>,
    items: Vec<(String, Item)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Pair(Value, Option<&'static str>),
    Table(Table),
    Tables(Vec<Table>),
}

/// The longest line that is written on purpose.
const WIDTH: usize = 110;

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// An inline table.
    pub(crate) fn inline<const N: usize>(pairs: [(&str, Self); N]) -> Self {
        Self::Inline(pairs.map(|(key, value)| (key.to_owned(), value)).into())
    }

    fn line(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::String(text.clone()).to_string(),
            Self::Number(number) => number.to_string(),
            Self::Switch(on) => on.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::line).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Inline(pairs) if pairs.is_empty() => "{}".to_owned(),
            Self::Inline(pairs) => {
                let pairs =
                    unique(pairs).map(|(name, value)| format!("{} = {}", key(name), value.line()));
                let pairs: Vec<String> = pairs.collect();
                format!("{{ {} }}", pairs.join(", "))
            }
        }
    }
}

impl Table {
    /// Whether there are no keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn comment(&mut self, comment: impl Into<String>) {
        self.comments.push(comment.into());
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.put(key, Item::Pair(value, None));
    }

    /// With a word about why, at the end of the line.
    pub(crate) fn set_because(&mut self, key: &str, value: Value, why: &'static str) {
        self.put(key, Item::Pair(value, Some(why)));
    }

    /// The first of a name holds: where nginx takes one twice it is the first of them that counts.
    fn put(&mut self, key: &str, item: Item) {
        if !self.items.iter().any(|(name, _)| name == key) {
            self.items.push((key.to_owned(), item));
        }
    }

    pub(crate) fn set_some(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// A table of its own, unless there is nothing in it.
    pub(crate) fn set_table(&mut self, key: &str, table: Self) {
        if !table.is_empty() {
            self.items.push((key.to_owned(), Item::Table(table)));
        }
    }

    pub(crate) fn tables(&mut self, key: &str, tables: Vec<Self>) {
        if !tables.is_empty() {
            self.items.push((key.to_owned(), Item::Tables(tables)));
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let mut items = self.items.iter();
        items.find_map(|(name, item)| match item {
            Item::Pair(value, _) if name == key => Some(value),
            Item::Pair(..) | Item::Table(_) | Item::Tables(_) => None,
        })
    }

    /// Takes a key out.
    pub(crate) fn remove(&mut self, key: &str) {
        self.items.retain(|(name, _)| name != key);
    }

    /// What is said before it and before what is in it.
    pub(crate) fn all_comments(&self) -> Vec<String> {
        let mut comments = self.comments.clone();
        for (_, item) in &self.items {
            match item {
                Item::Pair(..) => {}
                Item::Table(table) => comments.extend(table.all_comments()),
                Item::Tables(tables) => comments.extend(tables.iter().flat_map(Self::all_comments)),
            }
        }
        comments
    }

    /// Whether it has the same keys as another, whatever is said before either.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.items == other.items
    }

    /// The text of the whole.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        for comment in &self.comments {
            write_comment(&mut out, comment);
        }
        self.body("", &mut out);
        out.trim_start().to_owned()
    }

    fn body(&self, path: &str, out: &mut String) {
        let mut apart = Vec::new();
        for (name, item) in &self.items {
            match item {
                Item::Pair(value, why) => {
                    if !pair(out, name, value, *why, path.is_empty()) {
                        apart.push((name, value));
                    }
                }
                Item::Table(_) | Item::Tables(_) => {}
            }
        }
        let below = |name: &str| match path {
            "" => key(name),
            path => format!("{path}.{}", key(name)),
        };
        for (name, value) in apart {
            if let Value::Inline(pairs) = value {
                let mut table = Self::default();
                for (name, value) in pairs {
                    table.set(name, value.clone());
                }
                table.headed(&below(name), ("[", "]"), out);
            }
        }
        for (name, item) in &self.items {
            match item {
                Item::Pair(..) => {}
                Item::Table(table) => table.headed(&below(name), ("[", "]"), out),
                Item::Tables(tables) => {
                    for table in tables {
                        table.headed(&below(name), ("[[", "]]"), out);
                    }
                }
            }
        }
    }

    fn headed(&self, path: &str, (open, close): (&str, &str), out: &mut String) {
        let only_tables = self
            .items
            .iter()
            .all(|(_, item)| !matches!(item, Item::Pair(..)));
        // A table that only holds others needs no line of its own, unless it is one of a list.
        if open == "[" && only_tables && !self.items.is_empty() && self.comments.is_empty() {
            self.body(path, out);
            return;
        }
        out.push('\n');
        for comment in &self.comments {
            write_comment(out, comment);
        }
        out.push_str(open);
        out.push_str(path);
        out.push_str(close);
        out.push('\n');
        self.body(path, out);
    }
}

/// Pairs without those of a name that was there before.
fn unique(pairs: &[(String, Value)]) -> impl Iterator<Item = &(String, Value)> {
    let is_first = |(index, (name, _)): &(usize, &(String, Value))| {
        !pairs.iter().take(*index).any(|(other, _)| other == name)
    };
    let unique = pairs.iter().enumerate().filter(is_first);
    unique.map(|(_, pair)| pair)
}

/// Writes a key and its value; not if that is a table which has room only below a heading of its own.
fn pair(out: &mut String, name: &str, value: &Value, why: Option<&str>, is_root: bool) -> bool {
    if let Value::Inline(pairs) = value
        && let [(inner, value @ Value::Inline(_))] = pairs.as_slice()
    {
        let line = format!("{}.{} = {}", key(name), key(inner), value.line());
        let is_short = line.len() <= WIDTH && !line.contains('\n');
        if is_short {
            out.push_str(&line);
            out.push('\n');
        }
        return is_short;
    }
    let line = format!("{} = {}", key(name), value.line());
    let is_short = line.len() <= WIDTH && !line.contains('\n');
    match value {
        // Which paths a route takes is said first, however long it is.
        Value::Inline(pairs) if name != "path" && (!is_short || (is_root && !pairs.is_empty())) => {
            return false;
        }
        Value::List(items) if !is_short => {
            out.push_str(&key(name));
            out.push_str(" = [\n");
            list(out, items);
            out.push(']');
        }
        Value::Text(_)
        | Value::Number(_)
        | Value::Switch(_)
        | Value::List(_)
        | Value::Inline(_) => {
            out.push_str(&line);
        }
    }
    if let Some(why) = why {
        // The column at which comments stand where there is room.
        let pad = 34_usize.saturating_sub(line.len()).max(2);
        out.extend(std::iter::repeat_n(' ', pad));
        out.push_str("# ");
        out.push_str(why);
    }
    out.push('\n');
    true
}

/// Items in as many lines as they need; tables have a line each.
fn list(out: &mut String, items: &[Value]) {
    let mut line = String::new();
    for item in items {
        let text = item.line();
        let full = line.len() + text.len() + 2 > WIDTH - 4;
        if !line.is_empty() && (full || matches!(item, Value::Inline(_))) {
            out.extend(["    ", line.trim_end(), "\n"]);
            line.clear();
        }
        line.push_str(&text);
        line.push_str(", ");
    }
    out.extend(["    ", line.trim_end(), "\n"]);
}

fn write_comment(out: &mut String, comment: &str) {
    let mut line = String::from("#");
    for word in comment.split_whitespace() {
        if line.len() + word.len() + 1 > WIDTH && line.len() > 1 {
            line.push('\n');
            out.push_str(&line);
            // What goes on is set off, so that it does not look like another.
            "#  ".clone_into(&mut line);
        }
        line.push(' ');
        // A control character ends the comment, and TOML allows none.
        line.extend(word.chars().filter(|c| !c.is_control()));
    }
    line.push('\n');
    out.push_str(&line);
}

fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        // In one line, which keys have to stand in.
        let mut quoted = String::from("\"");
        for c in name.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c.is_control() => quoted.extend(["\\u", &format!("{:04X}", u32::from(c))]),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Table, Value};

    #[test]
    fn what_is_long_gets_more_lines() {
        let mut route = Table::default();
        route.comment("nginx.conf:1");
        route.set("path", Value::text("/a"));
        route.set_because("buffering", Value::Switch(false), "as before");
        let many = |name: &str| (name.to_owned(), Value::text("x".repeat(50)));
        route.set("proxy", Value::Inline(vec![many("to"), many("uri")]));
        route.set("types", Value::texts(["text/html"; 10]));
        let mut root = Table::default();
        root.tables("site", vec![route]);
        let types = format!(
            "{}\n    {}",
            ["\"text/html\","; 8].join(" "),
            ["\"text/html\","; 2].join(" ")
        );
        let expected = format!(
            "# nginx.conf:1\n[[site]]\npath = \"/a\"\nbuffering = false                 # as before\n\
             types = [\n    {types}\n]\n\n[site.proxy]\n"
        );
        let printed = root.print();
        assert!(printed.starts_with(&expected), "{printed}");
        assert!(toml::from_str::<toml::Table>(&printed).is_ok(), "{printed}");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_what_was_meant(name in any::<String>(), text in any::<String>()) {
            let mut table = Table::default();
            table.comment(text.clone());
            table.set(&name, Value::text(&text));
            table.set("list_of_them", Value::texts([&text]));
            table.set("inline_one", Value::Inline(vec![(name.clone(), Value::text(&text))]));
            let printed = table.print();
            prop_assume!(!["list_of_them", "inline_one"].contains(&name.as_str()));
            let read: toml::Table = toml::from_str(&printed).unwrap();
            prop_assert_eq!(read[&name].as_str(), Some(text.as_str()));
            prop_assert_eq!(read["list_of_them"][0].as_str(), Some(text.as_str()));
            prop_assert_eq!(read["inline_one"][&name].as_str(), Some(text.as_str()));
        }
    }
}
