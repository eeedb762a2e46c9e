//! `[acme]`, from written to meant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use settings::{Place, Problems};

pub use super::file::AcmeChallenge;
use super::{ServerAddress, checks, file};

/// How certificates are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// The URL of the authority's directory.
    pub directory: String,
    /// URLs by which the authority may reach somebody.
    pub contact: Vec<String>,
    /// The folder with what belongs to this authority.
    pub folder: PathBuf,
    /// The folder with the certificates, of whichever authority: one stays in use until there is another.
    pub certificates: PathBuf,
    /// How the authority finds out that names lead here.
    pub challenge: AcmeChallenge,
    /// Edges to ask what is unknown here.
    pub peers: Vec<ServerAddress>,
    /// Who signs the directory's own certificate; `None`: whom the system trusts.
    pub ca: Option<PathBuf>,
    /// What binds the account to a customer.
    pub external_account: Option<ExternalAccount>,
}

/// An account that the authority knows already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// What it calls the key.
    pub key_id: String,
    /// The file with the key.
    pub key_file: PathBuf,
}

/// A certificate that the edge orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedCertificate {
    /// The names that it is for, in lower case; at least one.
    pub names: Vec<String>,
    /// Where it is kept, with its key.
    pub path: PathBuf,
}

impl OrderedCertificate {
    /// Its first name, by which it is known.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

pub(super) fn meant(written: &file::Acme, problems: &mut Problems) -> Acme {
    let at = Place::root().key("acme");
    if !written.agree_to_terms {
        problems.push_with_help(
            &at.key("agree_to_terms"),
            "nothing can be ordered from an authority whose terms are not agreed to",
            "read them, then agree_to_terms = true",
        );
    }
    let contact = written.contact.iter().enumerate().map(|(index, address)| {
        let is_address = address.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && user.chars().all(is_plain) && checks::is_host_name(host)
        });
        if !is_address {
            let message = format!("`{address}` is not a mail address");
            problems.push(&at.key("contact").index(index), message);
        }
        format!("mailto:{address}")
    });
    let contact = contact.collect();
    let state = Path::new(&written.state);
    Acme {
        folder: state.join(folder(&written.directory, &at, problems)),
        certificates: state.join("certificates"),
        directory: written.directory.clone(),
        contact,
        challenge: written.challenge,
        peers: peers(written, &at.key("peers"), problems),
        ca: written.ca.as_ref().map(PathBuf::from),
        external_account: written
            .external_account
            .as_ref()
            .map(|account| ExternalAccount {
                key_id: account.key_id.clone(),
                key_file: PathBuf::from(&account.key_file),
            }),
    }
}

fn is_plain(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !matches!(character, '?' | ',')
}

/// The name of an authority's folder: its directory's host and path, without what paths may not have.
fn folder(directory: &str, at: &Place, problems: &mut Problems) -> String {
    let rest = directory.strip_prefix("https://");
    let is_url = rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.chars().all(|one| one.is_ascii_graphic() && one != '#')
    });
    if !is_url {
        let message = format!("`{directory}` is not an https URL");
        problems.push(&at.key("directory"), message);
    }
    let keep = |one: char| {
        if one.is_ascii_alphanumeric() || matches!(one, '.' | '-') {
            one
        } else {
            '-'
        }
    };
    let rest = rest.unwrap_or_default().trim_end_matches('/');
    rest.chars().map(keep).collect()
}

fn peers(written: &file::Acme, at: &Place, problems: &mut Problems) -> Vec<ServerAddress> {
    if !written.peers.is_empty() && written.challenge != AcmeChallenge::Http01 {
        problems.push_with_help(
            at,
            "others can only be asked what to answer over HTTP",
            "challenge = \"http-01\", or a folder that the nodes share",
        );
    }
    let each = written.peers.iter().enumerate();
    each.filter_map(|(index, text)| checks::server_address(text, &at.index(index), problems))
        .collect()
}

/// The certificates that listeners want to be ordered.
#[derive(Debug)]
pub(super) struct Orders<'a> {
    acme: Option<&'a Acme>,
    /// What is in each file, and where it was asked for.
    seen: BTreeMap<String, (Vec<String>, Place)>,
}

impl<'a> Orders<'a> {
    pub(super) fn new(acme: Option<&'a Acme>) -> Self {
        Self {
            acme,
            seen: BTreeMap::new(),
        }
    }

    /// A certificate for these names.
    pub(super) fn certificate(
        &mut self,
        names: &[String],
        at: &Place,
        problems: &mut Problems,
    ) -> Option<OrderedCertificate> {
        let Some(acme) = self.acme else {
            problems.push_with_help(
                at,
                "there is no [acme], which says from whom certificates are ordered",
                "[acme] with contact = [\"you@example.com\"] and agree_to_terms = true",
            );
            return None;
        };
        let checked = names.iter().enumerate();
        let checked = checked.map(|(index, name)| checked_name(name, &at.index(index), problems));
        let names: Vec<String> = checked.collect();
        let Some(first) = names.first() else {
            problems.push(at, "a certificate is for at least one name");
            return None;
        };
        let path = acme.certificates.join(format!("{first}.pem"));
        let known = self.seen.entry(first.clone());
        let (before, place) = known.or_insert_with(|| (names.clone(), at.clone()));
        if *before != names {
            let message = format!("another certificate that begins with `{first}` has other names");
            let problem = settings::Problem::new(at, message).other(place);
            problems.note(problem.help("let both have the same, or begin with another name"));
        }
        Some(OrderedCertificate { names, path })
    }
}

/// A name as it stands in certificates.
fn checked_name(name: &str, at: &Place, problems: &mut Problems) -> String {
    let lower = name.to_ascii_lowercase();
    if name.starts_with("*.") {
        problems.push_with_help(
            at,
            format!(
                "`{name}`: certificates for wildcards are proven by DNS, which the edge does not do"
            ),
            "name each host, or have another program order it and name its files with cert and key",
        );
    } else if !checks::is_host_name(&lower)
        || lower.contains('_')
        || lower.ends_with('.')
        || lower.parse::<std::net::Ipv4Addr>().is_ok()
    {
        problems.push(at, format!("`{name}` is not a full host name"));
    }
    lower
}
