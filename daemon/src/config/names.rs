//! Arrays of names that are read before the document is compared with its schema.

use toml::Spanned;
use toml::de::DeValue;

use super::report::Finding;
use super::schema::Kind;

/// The texts in `value`, which is an array of `what`, such as "names of presets"; `help` is how one
/// is written.
pub(super) fn names(
    value: &Spanned<DeValue<'_>>,
    (what, help): (&str, &str),
    findings: &mut Vec<Finding>,
) -> Vec<Spanned<String>> {
    let Some(items) = value.get_ref().as_array() else {
        let found = Kind::of(value.get_ref());
        let message = format!("expected an array of {what}, found {found}");
        findings.push(Finding::new(value.span(), message).help(help.to_owned()));
        return Vec::new();
    };
    let mut names = Vec::new();
    for item in items {
        if let Some(name) = item.get_ref().as_str() {
            names.push(Spanned::new(item.span(), name.to_owned()));
        } else {
            let found = Kind::of(item.get_ref());
            let message = format!("expected {what}, found {found}");
            findings.push(Finding::new(item.span(), message).help(help.to_owned()));
        }
    }
    names
}
