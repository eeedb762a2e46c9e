//! Whatever is written, importing it ends, and what is printed is TOML.

use keepalived_import::{Files, Options, import};
use proptest::collection::vec;
use proptest::prelude::*;

struct One(String);

impl Files for One {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec![pattern.to_owned()])
    }

    fn runs(&self, program: &str) -> Option<bool> {
        Some(program.len().is_multiple_of(2))
    }
}

const WORDS: [&str; 52] = [
    "global_defs",
    "vrrp_script",
    "vrrp_instance",
    "vrrp_sync_group",
    "virtual_server",
    "group",
    "{",
    "{",
    "{",
    "}",
    "}",
    "}",
    "\n",
    "\n",
    "\n",
    "\n",
    "script",
    "interval",
    "weight",
    "fall",
    "rise",
    "timeout",
    "state",
    "MASTER",
    "interface",
    "eth0",
    "virtual_router_id",
    "priority",
    "advert_int",
    "authentication",
    "auth_type",
    "PASS",
    "auth_pass",
    "virtual_ipaddress",
    "10.0.0.1/24",
    "fe80::1",
    "${X}/32",
    "$A=b",
    "$A",
    "@a",
    "track_script",
    "track_interface",
    "reverse",
    "notify",
    "notify_master",
    "unicast_peer",
    "nopreempt",
    "255",
    "-3",
    "\"curl http://localhost/ || exit 1\"",
    "'a\tb\"c'",
    "include",
];

proptest! {
    #[test]
    fn any_words_are_imported_or_refused(
        words in vec((0..WORDS.len(), any::<bool>()), 0..80),
        peer_priority in any::<Option<u8>>(),
    ) {
        let mut text = String::new();
        for (word, line) in words {
            text.push_str(WORDS[word]);
            text.push(if line { '\n' } else { ' ' });
        }
        let options = Options { config_id: None, peer_priority };
        if let Ok(imported) = import("k.conf", &One(text), &options) {
            let parsed = imported.text.parse::<toml::Table>();
            prop_assert!(parsed.is_ok(), "{}\n{}", imported.text, parsed.unwrap_err());
        }
    }

    #[test]
    fn any_text_is_imported_or_refused(text in "\\PC{0,200}") {
        if let Ok(imported) = import("k.conf", &One(text), &Options::default()) {
            prop_assert!(imported.text.parse::<toml::Table>().is_ok());
        }
    }
}
