//! What a scanner says (Debian's `sslscan`).

use std::process::Command;

use super::simple;

#[test]
fn sslscan_reports_nothing_bad() {
    let (edge, _, _authority) = simple("");
    let said = Command::new("sslscan")
        .args(["--no-colour", "--sni-name=a.test"])
        .arg(edge.http.to_string())
        .output()
        .expect("`make setup` installs sslscan");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let state = |what: &str| {
        let mut lines = said.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(what));
        line.unwrap_or_else(|| panic!("nothing about {what}:\n{said}"))
            .trim_start_matches(what)
            .trim()
            .to_owned()
    };
    for old in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] {
        assert_eq!(state(old), "disabled", "{old}");
    }
    for new in ["TLSv1.2", "TLSv1.3"] {
        assert_eq!(state(new), "enabled", "{new}");
        assert_eq!(state(&format!("{new} not vulnerable")), "to heartbleed");
    }
    assert_eq!(state("Session renegotiation"), "not supported");
    // Forward secret and authenticated, all of them.
    let suites: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("Preferred ") || line.starts_with("Accepted "))
        .map(|line| line.split_whitespace().nth(4).unwrap())
        .collect();
    assert_eq!(suites.len(), 6, "{said}");
    for suite in suites {
        let good = ["GCM", "POLY1305"].iter().any(|kind| suite.contains(kind));
        assert!(
            good && (suite.starts_with("TLS_") || suite.starts_with("ECDHE-")),
            "{suite}"
        );
    }
}
