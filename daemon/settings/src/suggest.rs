//! "Did you mean": the nearest of the words that would have been right.

/// The candidate that `word` most likely meant, if one is near enough to be worth naming.
///
/// Near enough is a third of the longer word in edits (insert, delete, substitute, swap), so that
/// `adress` finds `address` but `x` finds nothing.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(edits, candidate)| *edits * 3 <= word.len().max(candidate.len()))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn finds_a_typo_and_refuses_a_stranger() {
        let keys = ["address", "weight", "backup", "max_fails"];
        assert_eq!(closest("adress", keys), Some("address"));
        assert_eq!(closest("wieght", keys), Some("weight"));
        assert_eq!(closest("colour", keys), None);
    }
}
