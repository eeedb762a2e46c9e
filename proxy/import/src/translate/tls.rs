//! `ssl_*`: TLS with clients.

use super::Import;
use super::listeners::Listen;
use crate::document::Value;
use crate::level::Level;
use crate::syntax::Directive;

/// The suites of TLS 1.2 that the edge has, and OpenSSL's names for them.
const SUITES: [(&str, &str); 6] = [
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
];

/// Those of TLS 1.3, about which `ssl_ciphers` says nothing.
const SUITES_13: [&str; 3] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
];

impl<'d> Import<'d> {
    /// What the servers of an address say of TLS: certificates of all, the rest of its default.
    pub(super) fn tls(&self, here: &[&(Listen<'d>, Level<'d>)]) -> Value {
        let default = here
            .iter()
            .find(|(listen, _)| listen.is_default)
            .or(here.first());
        let mut pairs = vec![("certificates".to_owned(), self.certificates(here))];
        let Some((_, level)) = default else {
            return Value::Inline(pairs);
        };
        let mut add = |key: &str, value: Option<Value>| {
            pairs.extend(value.map(|value| (key.to_owned(), value)));
        };
        let rejects = level
            .one("ssl_reject_handshake")
            .is_some_and(Directive::is_on);
        add(
            "reject_unknown_names",
            rejects.then_some(Value::Switch(true)),
        );
        add("min_version", self.versions(level));
        add("cipher_suites", self.suites(level));
        add("client_auth", self.client_auth(level));
        let no_tickets = level
            .one("ssl_session_tickets")
            .filter(|one| one.first() == "off");
        add("tickets", no_tickets.map(|_| Value::Switch(false)));
        for (_, other) in here {
            let (ours, theirs) = (
                level.one("ssl_verify_client"),
                other.one("ssl_verify_client"),
            );
            if let Some(theirs) = theirs.filter(|theirs| theirs.first() != "off")
                && ours.is_none_or(|ours| ours.first() != theirs.first())
            {
                let message = "clients are asked for certificates at all sites of an address or at none, as its \
                               default server has it";
                self.notes
                    .lost(theirs, message, "give this site an address of its own");
            }
            for name in ["ssl_protocols", "ssl_ciphers"] {
                let (ours, theirs) = (level.one(name), other.one(name));
                if let Some(theirs) = theirs
                    && ours.map(|one| &one.words) != Some(&theirs.words)
                {
                    let message =
                        "TLS is the same for all sites of an address: that of its default server";
                    self.notes
                        .differs(theirs, message, "an address of its own has its own");
                }
            }
        }
        Value::Inline(pairs)
    }

    fn certificates(&self, here: &[&(Listen<'d>, Level<'d>)]) -> Value {
        let mut ordered: Vec<_> = here.iter().filter(|(listen, _)| listen.ssl).collect();
        // The first is for those who ask for no name.
        ordered.sort_by_key(|(listen, _)| !listen.is_default);
        let mut found = Vec::new();
        for (_, level) in ordered {
            let certificates = level.all("ssl_certificate");
            let keys = level.all("ssl_certificate_key");
            let stapling = level.one("ssl_stapling_file");
            for (certificate, key) in certificates.iter().zip(keys) {
                let is_file = |one: &Directive| {
                    let path = one.first();
                    !path.contains('$')
                        && !path.starts_with("data:")
                        && !path.starts_with("engine:")
                };
                if !is_file(certificate) || !is_file(key) {
                    self.notes
                        .lost(certificate, "certificates and keys are files", "");
                    continue;
                }
                let path = |one: &Directive| Value::text(self.in_directory(one.first()));
                let mut pairs = vec![
                    ("cert".to_owned(), path(certificate)),
                    ("key".to_owned(), path(key)),
                ];
                pairs.extend(stapling.map(|one| ("ocsp".to_owned(), path(one))));
                let pairs = Value::Inline(pairs);
                if !found.contains(&pairs) {
                    found.push(pairs);
                }
            }
        }
        if found.is_empty()
            && let Some((listen, _)) = here.first()
        {
            let help = "certificates = [{ cert = \"...\", key = \"...\" }]";
            self.notes.lost(
                listen.directive,
                "there is no certificate for this address",
                help,
            );
        }
        Value::List(found)
    }

    fn versions(&self, level: &Level<'d>) -> Option<Value> {
        let versions = level.one("ssl_protocols")?;
        let (old, two, three) = (
            versions
                .words
                .iter()
                .any(|word| matches!(word.as_str(), "SSLv3" | "SSLv2" | "TLSv1" | "TLSv1.1")),
            versions.has("TLSv1.2"),
            versions.has("TLSv1.3"),
        );
        if old {
            let message =
                "TLS 1.0 and 1.1 are not spoken (RFC 8996): clients from before 2014 stay out";
            self.notes.differs(versions, message, "");
        }
        if !three {
            self.notes.info(versions, "TLS 1.3 is spoken as well", "");
        }
        (three && !two).then(|| Value::text("1.3"))
    }

    /// A list of suites only where it leaves one out that the edge has.
    fn suites(&self, level: &Level<'d>) -> Option<Value> {
        let directive = level.one("ssl_ciphers")?;
        let words = directive.first().split([':', ',', ' ']);
        let words: Vec<&str> = words
            .filter(|word| !word.is_empty() && !word.starts_with(['!', '-', '@']))
            .collect();
        let is_plain = |word: &&str| {
            word.contains("-GCM-") || word.contains("POLY1305") || word.contains("-SHA")
        };
        if !words.iter().all(is_plain) {
            let message = "the edge has forward secret, authenticated suites only, and all of them";
            self.notes.info(
                directive,
                message,
                "cipher_suites = [...] names those that are wanted",
            );
            return None;
        }
        let named = SUITES.iter().filter(|(name, _)| words.contains(name));
        let named: Vec<&str> = named.map(|(_, name)| *name).collect();
        let has_others = words
            .iter()
            .any(|word| !SUITES.iter().any(|(name, _)| name == word));
        if has_others {
            let message = "suites without ECDHE or without authenticated encryption are not spoken";
            self.notes.info(directive, message, "");
        }
        let leaves_out = !named.is_empty() && named.len() < SUITES.len();
        leaves_out.then(|| Value::texts(SUITES_13.into_iter().chain(named)))
    }

    fn client_auth(&self, level: &Level<'d>) -> Option<Value> {
        let verify = level.one("ssl_verify_client")?;
        let is_required = match verify.first() {
            "on" => true,
            "optional" => false,
            "optional_no_ca" => {
                let message = "certificates of unknown authorities are not taken";
                self.notes.lost(
                    verify,
                    message,
                    "client_auth = { ca = \"...\", required = false }",
                );
                return None;
            }
            _ => return None,
        };
        let authorities = level
            .one("ssl_client_certificate")
            .or_else(|| level.one("ssl_trusted_certificate"));
        let Some(authorities) = authorities else {
            self.notes
                .lost(verify, "there is no ssl_client_certificate", "");
            return None;
        };
        let file = |one: &Directive| Value::text(self.in_directory(one.first()));
        let mut pairs = vec![("ca".to_owned(), file(authorities))];
        pairs.extend(
            level
                .one("ssl_crl")
                .map(|one| ("crl".to_owned(), file(one))),
        );
        if !is_required {
            pairs.push(("required".to_owned(), Value::Switch(false)));
        }
        self.notes.differs(
            verify,
            "a client whose certificate is refused learns it in the handshake, and not by a page (400)",
            "",
        );
        Some(Value::Inline(pairs))
    }
}
