//! The account with an authority, made once and kept.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use edge_core::config::{Acme, ExternalAccount};
use edge_core::renewal::Validity;
use instant_acme::{
    Account, AccountCredentials, CertificateIdentifier, ExternalAccountKey, NewAccount,
};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

use crate::error::Error;
use crate::https::Https;
use crate::store::{self, Store};

/// An authority as it is asked.
#[derive(Clone)]
pub struct Authority {
    /// What the configuration says of it.
    pub acme: Acme,
    https: Https,
    /// What is kept of it.
    pub store: Store,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("acme", &self.acme)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority that the configuration names, whose own certificate is signed by one of `roots`.
    pub fn new(
        acme: &Acme,
        roots: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        Ok(Self {
            acme: acme.clone(),
            https: Https::new(provider, roots)?,
            store: Store::new(&acme.folder),
        })
    }

    /// The account, made if there is none.
    pub(crate) async fn account(&self) -> Result<Account, Error> {
        let path = self.store.account();
        let Some(text) = store::read(&path)? else {
            return self.make_account().await;
        };
        // What was wanted of it is too good to be thrown away.
        let credentials: AccountCredentials =
            serde_json::from_str(&text).map_err(|error| Error::file(&path, &error))?;
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        Ok(builder.from_credentials(credentials).await?)
    }

    async fn make_account(&self) -> Result<Account, Error> {
        let contact: Vec<&str> = self.acme.contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            // The configuration is refused without it.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let external = self.acme.external_account.as_ref();
        let external = external.map(external_key).transpose()?;
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let directory = self.acme.directory.clone();
        let (account, credentials) = builder.create(&new, directory, external.as_ref()).await?;
        let path = self.store.account();
        let text = serde_json::to_vec_pretty(&credentials);
        store::write(&path, &text.map_err(|error| Error::file(&path, &error))?)?;
        tracing::info!(
            account = account.id(),
            "an account was made with the authority"
        );
        Ok(account)
    }

    /// Puts an account aside that the authority does not know any more.
    pub(crate) fn forget_account(&self) -> Result<(), Error> {
        let path = self.store.account();
        let aside = path.with_extension("json.unknown");
        fs::rename(&path, &aside).map_err(|error| Error::file(&path, &error))
    }
}

fn external_key(account: &ExternalAccount) -> Result<ExternalAccountKey, Error> {
    let path = &account.key_file;
    let text = fs::read_to_string(path).map_err(|error| Error::file(path, &error))?;
    let text = text.trim();
    let bare = text.trim_end_matches('=');
    let key = URL_SAFE_NO_PAD.decode(bare);
    let key = key.or_else(|_| STANDARD.decode(text));
    let key = key.map_err(|_| Error::file(path, &"is not base64"))?;
    Ok(ExternalAccountKey::new(account.key_id.clone(), &key))
}

/// When an authority would like a certificate to be renewed (RFC 9773); `None` if it does not say.
pub async fn advice(authority: &Authority, certificate: &[u8]) -> Option<Validity> {
    // Without an account there is nothing that it could speak of.
    store::read(&authority.store.account()).ok().flatten()?;
    let account = authority.account().await.ok()?;
    let der = CertificateDer::from(certificate);
    let identifier = CertificateIdentifier::try_from(&der).ok()?;
    match account.renewal_info(&identifier).await {
        Ok((info, _)) => Some(Validity {
            not_before: info.suggested_window.start.unix_timestamp(),
            not_after: info.suggested_window.end.unix_timestamp(),
        }),
        Err(error) => {
            tracing::debug!(%error, "the authority says nothing of renewals");
            None
        }
    }
}
