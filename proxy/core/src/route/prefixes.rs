//! The prefixes of one level of routes, found by the beginning of a path.

/// Prefixes in order, each with the next shorter one that it begins with.
///
/// Whatever begins a path is either the last prefix that is not behind the path in order, or begins
/// that one: a search by halves and a walk to ever shorter prefixes, however many there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefixes {
    prefixes: Vec<Prefix>,
}

/// A route with a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefixed {
    /// Its index.
    pub(super) route: usize,
    /// Whether no expression is tried after it.
    pub(super) last: bool,
}

#[derive(Debug, Clone)]
struct Prefix {
    text: Box<[u8]>,
    /// In the order of the file.
    routes: Vec<Prefixed>,
    /// The longest of the prefixes that this one begins with.
    shorter: Option<usize>,
}

impl Prefixes {
    /// Puts prefixes, which come in the order of the file, into theirs.
    pub(super) fn new(mut written: Vec<(&str, Prefixed)>) -> Self {
        // Stable: routes of the same prefix stay as they are.
        written.sort_by_key(|(text, _)| *text);
        let mut prefixes: Vec<Prefix> = Vec::new();
        for (text, route) in written {
            let text = text.as_bytes();
            if let Some(same) = prefixes.last_mut().filter(|last| *last.text == *text) {
                same.routes.push(route);
                continue;
            }
            let mut shorter = prefixes.len().checked_sub(1);
            while let Some(other) = shorter.and_then(|index| prefixes.get(index))
                && !text.starts_with(&other.text)
            {
                shorter = other.shorter;
            }
            prefixes.push(Prefix {
                text: text.into(),
                routes: vec![route],
                shorter,
            });
        }
        Self { prefixes }
    }

    /// The first route, of those that `takes` lets through, of the longest prefix that has one and
    /// begins `path`.
    pub(super) fn find(&self, path: &[u8], takes: &impl Fn(usize) -> bool) -> Option<Prefixed> {
        let behind = self
            .prefixes
            .partition_point(|prefix| *prefix.text <= *path);
        let mut near = self.prefixes.get(behind.checked_sub(1)?);
        while let Some(prefix) = near {
            if path.starts_with(&prefix.text) {
                let mut routes = prefix.routes.iter().copied();
                if let Some(found) = routes.find(|prefixed| takes(prefixed.route)) {
                    return Some(found);
                }
            }
            near = prefix.shorter.and_then(|index| self.prefixes.get(index));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All prefixes one after the other, the longest first, as nginx's documentation has it.
    fn found_by_looking_at_all(
        written: &[(&str, Prefixed)],
        path: &[u8],
        takes: &impl Fn(usize) -> bool,
    ) -> Option<Prefixed> {
        let mut longest_first = written.to_vec();
        longest_first.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let mut begins = longest_first.into_iter();
        let found = begins
            .find(|(text, prefixed)| path.starts_with(text.as_bytes()) && takes(prefixed.route));
        found.map(|(_, prefixed)| prefixed)
    }

    proptest! {
        #[test]
        fn the_longest_is_found(
            texts in prop::collection::vec("/?[a/\u{e9}]{0,5}", 0..40),
            paths in prop::collection::vec("/?[a/b\u{e9}]{0,8}", 20),
            not in prop::collection::vec(0usize..40, 0..8),
        ) {
            let texts = texts.iter().map(String::as_str);
            let numbered = texts.enumerate().map(|(route, text)| {
                (text, Prefixed { route, last: route % 3 == 0 })
            });
            let written: Vec<_> = numbered.collect();
            let prefixes = Prefixes::new(written.clone());
            let takes = |route| !not.contains(&route);
            for path in paths.iter().map(String::as_bytes) {
                let expected = found_by_looking_at_all(&written, path, &takes);
                prop_assert_eq!(prefixes.find(path, &takes), expected);
            }
        }
    }
}
