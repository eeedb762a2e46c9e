//! Giving a request another path before a route is chosen for it (nginx's `rewrite`).

use crate::expression::{Captures, Expression};
use crate::http::escape_path;
use crate::template::{Needs, Template};

/// What a path becomes in which an expression is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// What is looked for in the normalised path.
    pub find: Expression,
    /// The new path, or the URL of a redirect up to its query.
    pub path: Template,
    /// The new query.
    pub query: Option<Template>,
    /// Whether the request's own query follows.
    pub keeps_query: bool,
    /// How it goes on.
    pub then: Then,
}

/// How a request goes on that has another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// A route is chosen anew.
    Last,
    /// It stays with the route that it has.
    Break,
    /// The client is to ask for it, says this status.
    Redirect(u16),
}

/// A request's new path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The target, escaped.
    pub target: String,
    /// How it goes on.
    pub then: Then,
}

impl Rewrite {
    /// What the first of `rules` whose expression is found makes of a request with this normalised
    /// path and this query; `render` writes a text out with what the groups found.
    pub fn first(
        rules: &[Self],
        (path, query): (&[u8], Option<&str>),
        mut render: impl FnMut(&Template, &Captures) -> Vec<u8>,
    ) -> Option<Rewritten> {
        let mut rules = rules.iter();
        rules.find_map(|rule| {
            let groups = rule.find.captures(path)?;
            Some(Rewritten {
                target: rule.target(query, |text| render(text, &groups)),
                then: rule.then,
            })
        })
    }

    /// What its texts need; what its own groups find it knows itself.
    pub fn needs(&self) -> Needs {
        let texts = self.query.iter().chain([&self.path]);
        let needs = texts
            .map(Template::needs)
            .fold(Needs::default(), Needs::and);
        Needs {
            path_groups: false,
            ..needs
        }
    }

    fn target(&self, query: Option<&str>, mut render: impl FnMut(&Template) -> Vec<u8>) -> String {
        let mut target = String::new();
        escape_path(&render(&self.path), &mut target);
        let own = self.query.as_ref().map(&mut render);
        let own = own.map(|own| String::from_utf8_lossy(&own).replace(unfit_for_query, ""));
        let kept = query.filter(|_| self.keeps_query).map(str::to_owned);
        let parts = own.into_iter().chain(kept).filter(|part| !part.is_empty());
        for (part, before) in parts.zip(["?", "&"]) {
            target.push_str(before);
            target.push_str(&part);
        }
        target
    }
}

/// What would end the query, or the request line.
fn unfit_for_query(c: char) -> bool {
    c.is_ascii_control() || c == ' ' || c == '#' || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::{Rewrite, Rewritten, Then};
    use crate::expression::Expression;
    use crate::template::{Escape, Scope, Template};

    fn rule(find: &str, to: &str, keeps_query: bool) -> Rewrite {
        let find = Expression::new(find).unwrap();
        let scope = Scope::default().with_path(&find);
        let text = |text| Template::parse_in(&scope, text, Escape::None).unwrap();
        let (path, query) = to
            .split_once('?')
            .map_or((to, None), |(path, query)| (path, Some(query)));
        Rewrite {
            path: text(path),
            query: query.map(text),
            keeps_query,
            then: Then::Last,
            find,
        }
    }

    fn first(rules: &[Rewrite], path: &str, query: Option<&str>) -> Option<String> {
        let rewritten = Rewrite::first(rules, (path.as_bytes(), query), |text, groups| {
            crate::template::rendered_with(text, groups)
        });
        rewritten.map(|Rewritten { target, .. }| target)
    }

    #[test]
    fn the_first_rule_that_fits_and_the_query() {
        let rules = [
            rule("^/old/(.*)$", "/new/$1", true),
            rule("^/item/([0-9]+)", "/show?id=$1", true),
            rule("^/bare", "/x?", false),
            rule("^/old", "/never", true),
        ];
        for (path, query, target) in [
            ("/old/a b/ü?", Some("q=1"), Some("/new/a%20b/%C3%BC%3F?q=1")),
            ("/item/7", Some("q=1"), Some("/show?id=7&q=1")),
            ("/item/7", None, Some("/show?id=7")),
            ("/bare", Some("q=1"), Some("/x")),
            ("/other", None, None),
        ] {
            assert_eq!(first(&rules, path, query).as_deref(), target, "{path}");
        }
    }
}
