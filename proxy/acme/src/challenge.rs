//! What an authority is shown to prove that a name leads here: a file over HTTP (RFC 8555 §8.3), or a
//! certificate over TLS (RFC 8737).

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use edge_core::challenge::is_token;
use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::error::Error;
use crate::store::{self, Store};

/// The protocol by which an authority says what it has come for (RFC 8737 §6.2).
pub const ALPN: &[u8] = b"acme-tls/1";

const HTTP: &str = "http-01";
const TLS: &str = "tls-alpn-01";

/// Challenges of orders that were never ended are thrown away after this time.
const OLD: Duration = Duration::from_hours(24);

/// What is answered to who asks for `token` over HTTP, if an order of this node, or of one that shares
/// its folder, waits for that.
pub fn answer_http(store: &Store, token: &str) -> Option<String> {
    let path = store.challenges(HTTP).join(token);
    store::read(&path).ok().flatten()
}

/// TLS for an authority that asks for `name`, if an order waits for that.
pub fn challenge_config(
    store: &Store,
    name: &str,
    provider: &Arc<CryptoProvider>,
) -> Option<Arc<ServerConfig>> {
    let path = store.challenges(TLS).join(name);
    let digest = fs::read(path).ok()?;
    match proof(name, &digest, provider) {
        Ok(config) => Some(Arc::new(config)),
        Err(error) => {
            tracing::error!(name, %error, "the authority cannot be shown its proof");
            None
        }
    }
}

fn proof(name: &str, digest: &[u8], provider: &Arc<CryptoProvider>) -> Result<ServerConfig, Error> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|why| Error::Unusable(why.to_owned()))?;
    let unusable = |error: rustls::Error| Error::Unusable(error.to_string());
    let key = provider.key_provider.load_private_key(key);
    // Not looked at again: its extension is critical so that nobody but an authority takes it.
    let shown = CertifiedKey::new(vec![certificate.der().clone()], key.map_err(unusable)?);
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The answers to the challenges of one order, for as long as it is there.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    files: Vec<PathBuf>,
}

impl Answers {
    /// Answers over HTTP.
    pub(crate) fn over_http(
        &mut self,
        store: &Store,
        token: &str,
        authorization: &KeyAuthorization,
    ) -> Result<(), Error> {
        if !is_token(token) {
            return Err(Error::Authority("its token is none".to_owned()));
        }
        let path = store.challenges(HTTP).join(token);
        self.put(path, authorization.as_str().as_bytes())
    }

    /// Answers over TLS.
    pub(crate) fn over_tls(
        &mut self,
        store: &Store,
        name: &str,
        authorization: &KeyAuthorization,
    ) -> Result<(), Error> {
        let path = store.challenges(TLS).join(name);
        self.put(path, authorization.digest().as_ref())
    }

    fn put(&mut self, path: PathBuf, content: &[u8]) -> Result<(), Error> {
        store::write(&path, content)?;
        self.files.push(path);
        Ok(())
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for path in &self.files {
            // One that stays is harmless, and swept later.
            fs::remove_file(path).unwrap_or_default();
        }
    }
}

/// Removes what orders have left behind that were cut off.
pub(crate) fn sweep(store: &Store) {
    for kind in [HTTP, TLS] {
        let Ok(files) = fs::read_dir(store.challenges(kind)) else {
            continue;
        };
        for file in files.flatten() {
            let modified = file.metadata().and_then(|metadata| metadata.modified());
            let age = modified.map(|time| SystemTime::now().duration_since(time));
            if matches!(age, Ok(Ok(age)) if age > OLD) {
                fs::remove_file(file.path()).unwrap_or_default();
            }
        }
    }
}
