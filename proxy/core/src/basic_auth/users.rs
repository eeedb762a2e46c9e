//! A file of users: a name and the hash of a password on each line, as `htpasswd` writes it.

use std::collections::HashMap;

use super::Credentials;
use super::hash::{BadHash, Hash};

/// Names and the hashes of their passwords.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users {
    hashes: HashMap<String, Hash>,
    /// Whose password is checked in place of somebody's who is not known, so that the one takes as
    /// long as the other.
    decoy: Option<Hash>,
}

/// A line of a file of users that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUsers {
    /// There is no colon. What stands there may be a password, so it is not shown.
    #[error("line {0} is not `name:hash`")]
    NoHash(usize),
    /// The hash is none.
    #[error("line {line}: the password of `{user}` {error}; `htpasswd -B FILE {user}` hashes it")]
    Hash {
        /// The line.
        line: usize,
        /// The name.
        user: String,
        /// Why not.
        error: BadHash,
    },
    /// There is the name already.
    #[error("line {line}: `{user}` is there already")]
    Again {
        /// The line.
        line: usize,
        /// The name.
        user: String,
    },
}

/// No password is longer; what is has not been typed, and would only cost time.
const LONGEST: usize = 1024;

impl Users {
    /// Reads a file; empty lines and those that begin with `#` are passed over, and so is what comes
    /// after another colon.
    pub fn parse(text: &str) -> Result<Self, Vec<BadUsers>> {
        let mut users = Self::default();
        let mut problems = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Err(problem) = users.add(line, text) {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            Ok(users)
        } else {
            Err(problems)
        }
    }

    fn add(&mut self, line: usize, text: &str) -> Result<(), BadUsers> {
        let (user, rest) = text.split_once(':').ok_or(BadUsers::NoHash(line))?;
        let user = user.to_owned();
        let hash = rest.split(':').next().unwrap_or_default();
        let hash: Hash = match hash.parse() {
            Ok(hash) => hash,
            Err(error) => return Err(BadUsers::Hash { line, user, error }),
        };
        self.decoy.get_or_insert_with(|| hash.clone());
        if self.hashes.insert(user.clone(), hash).is_some() {
            return Err(BadUsers::Again { line, user });
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash that these credentials are checked with, as it is written; for who remembers which
    /// were right.
    pub fn hash(&self, credentials: &Credentials) -> Option<&str> {
        self.find(credentials).map(|hash| hash.text.as_str())
    }

    /// Whether the credentials are somebody's. Takes milliseconds, whether the name is known or not.
    pub fn admit(&self, credentials: &Credentials) -> bool {
        let password = credentials.password.as_slice();
        if password.len() > LONGEST {
            return false;
        }
        match (self.find(credentials), &self.decoy) {
            (Some(hash), _) => hash.is_of(password),
            (None, Some(decoy)) => {
                decoy.is_of(password);
                false
            }
            (None, None) => false,
        }
    }

    fn find(&self, credentials: &Credentials) -> Option<&Hash> {
        let user = std::str::from_utf8(&credentials.user).ok()?;
        self.hashes.get(user)
    }
}

#[cfg(test)]
mod tests {
    use super::{BadHash, BadUsers, Credentials, Users};

    const FILE: &str = "# staff\n\nana:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\r\n\
        bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=:since 1990\n";

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials {
            user: user.into(),
            password: password.into(),
        }
    }

    #[test]
    fn users_are_admitted() {
        let users = Users::parse(FILE).unwrap();
        let admits = |user, password| users.admit(&credentials(user, password));
        assert!(admits("ana", "secret") && admits("bob", "secret"));
        assert!(!admits("ana", "Secret") && !admits("eve", "secret") && !admits("", ""));
        assert!(!admits("ana", &"x".repeat(2000)));
        assert!(!Users::default().admit(&credentials("ana", "secret")));
        let shown = format!("{:?} {users:?}", credentials("ana", "secret"));
        assert!(
            !shown.contains("secret") && !shown.contains("5en6"),
            "{shown}"
        );
    }

    #[test]
    fn every_bad_line_is_named_and_no_password_shown() {
        let file = format!("{FILE}hunter2\neve:hunter2\nana:{{SHA}}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
        let problems = Users::parse(&file).unwrap_err();
        let expected = [
            BadUsers::NoHash(5),
            BadUsers::Hash {
                line: 6,
                user: "eve".to_owned(),
                error: BadHash::Plain,
            },
            BadUsers::Again {
                line: 7,
                user: "ana".to_owned(),
            },
        ];
        assert_eq!(problems, expected);
        assert!(
            problems
                .iter()
                .all(|one| !one.to_string().contains("hunter2"))
        );
    }
}
