//! Signed requests (RFC 7515), as ACME has them: ES256, and HS256 for accounts known elsewhere.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

/// A public key.
#[derive(Debug, Clone)]
pub(super) struct AccountKey {
    x: String,
    y: String,
}

impl AccountKey {
    fn parse(key: &Value) -> Option<Self> {
        let is_known = key["kty"] == "EC" && key["crv"] == "P-256";
        is_known.then_some(())?;
        Some(Self {
            x: key["x"].as_str()?.to_owned(),
            y: key["y"].as_str()?.to_owned(),
        })
    }

    /// RFC 7638.
    pub(super) fn thumbprint(&self) -> String {
        let text = format!(
            "{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{}\",\"y\":\"{}\"}}",
            self.x, self.y
        );
        BASE64.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }
}

/// A request as it was sent.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) nonce: String,
    /// The key, or the account that has it.
    pub(super) key: Result<AccountKey, String>,
    signed: String,
    payload: String,
    signature: Vec<u8>,
}

impl Asked {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let outer: Value = serde_json::from_slice(body).ok()?;
        let (protected, payload) = (outer["protected"].as_str()?, outer["payload"].as_str()?);
        let head: Value = serde_json::from_slice(&BASE64.decode(protected).ok()?).ok()?;
        (head["alg"] == "ES256").then_some(())?;
        let key = match head["kid"].as_str() {
            Some(account) => Err(account.to_owned()),
            None => Ok(AccountKey::parse(&head["jwk"])?),
        };
        Some(Self {
            url: head["url"].as_str()?.to_owned(),
            nonce: head["nonce"].as_str()?.to_owned(),
            key,
            signed: format!("{protected}.{payload}"),
            payload: payload.to_owned(),
            signature: BASE64.decode(outer["signature"].as_str()?).ok()?,
        })
    }

    pub(super) fn is_signed_by(&self, key: &AccountKey) -> bool {
        let mut point = vec![4];
        point.extend(BASE64.decode(&key.x).unwrap());
        point.extend(BASE64.decode(&key.y).unwrap());
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }

    pub(super) fn payload(&self) -> Value {
        serde_json::from_slice(&BASE64.decode(&self.payload).unwrap()).unwrap()
    }
}

/// Whether an account is bound to the customer of this id (RFC 8555 §7.3.4).
pub(super) fn is_bound(binding: &Value, id: &str, secret: &[u8]) -> bool {
    let part = |name: &str| binding[name].as_str().unwrap_or_default();
    let head = BASE64.decode(part("protected")).unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap_or_default();
    let signed = format!("{}.{}", part("protected"), part("payload"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = BASE64.decode(part("signature")).unwrap();
    head["alg"] == "HS256"
        && head["kid"] == id
        && hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
}
