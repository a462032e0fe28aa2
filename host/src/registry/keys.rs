//! Keys that sign plugins: ECDSA on P-256, as cosign makes them, and Ed25519.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};

use super::{RegistryError, sealed};
use crate::digest::Digest;

/// How the DER of a P-256 key begins: what follows is its point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// How the DER of an Ed25519 key begins.
const ED: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that signatures are checked with.
pub struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    point: Vec<u8>,
    fingerprint: Digest,
}

impl PublicKey {
    /// Reads a key in PEM (`-----BEGIN PUBLIC KEY-----`); `name` is for the error.
    ///
    /// # Errors
    /// When it is none of these kinds.
    pub fn parse(name: &str, pem: &str) -> Result<Self, RegistryError> {
        let der = der(pem, "PUBLIC KEY").ok_or_else(|| bad(name, "it is no public key in PEM"))?;
        let (algorithm, point): (&'static dyn VerificationAlgorithm, _) =
            if let Some(point) = der.strip_prefix(&P256) {
                (&ECDSA_P256_SHA256_ASN1, point)
            } else if let Some(point) = der.strip_prefix(&ED) {
                (&ED25519, point)
            } else {
                return Err(bad(name, "it is neither ECDSA on P-256 nor Ed25519"));
            };
        Ok(Self { algorithm, point: point.to_vec(), fingerprint: Digest::of(&der) })
    }

    /// Tells the key from all others: the digest of its DER.
    pub fn fingerprint(&self) -> String {
        format!("sha256:{}", self.fingerprint)
    }

    /// Whether the key's owner signed the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.point).verify(message, signature).is_ok()
    }
}

/// A key that signs.
pub struct PrivateKey(Kind);

enum Kind {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Whether a password is needed to read it.
    pub fn is_sealed(pem: &str) -> bool {
        sealed::kind(pem).is_some()
    }

    /// Reads a key in PEM, PKCS #8 as it is or as cosign seals it with a password; `name` is for the error.
    ///
    /// # Errors
    /// When it is none of these kinds, or the password is another one.
    pub fn parse(name: &str, pem: &str, password: Option<&str>) -> Result<Self, RegistryError> {
        const FORMS: &str = "it is no private key in PEM: PKCS #8, or as cosign seals it";
        let der = match sealed::kind(pem) {
            Some(kind) => {
                let block = der(pem, kind).ok_or_else(|| bad(name, FORMS))?;
                let password = password.ok_or_else(|| bad(name, "it is sealed with a password"))?;
                sealed::open(&block, password).map_err(|reason| bad(name, reason))?
            }
            None => der(pem, "PRIVATE KEY").ok_or_else(|| bad(name, FORMS))?,
        };
        let random = SystemRandom::new();
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der, &random) {
            return Ok(Self(Kind::Ecdsa(key)));
        }
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            return Ok(Self(Kind::Ed25519(key)));
        }
        Err(bad(name, "it is neither ECDSA on P-256 nor Ed25519"))
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Kind::Ecdsa(key) => {
                let signature = key.sign(&SystemRandom::new(), message);
                signature.expect("the system gives random bytes").as_ref().to_vec()
            }
            Kind::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }
}

fn bad(name: &str, reason: &str) -> RegistryError {
    RegistryError::BadKey { key: name.to_owned(), reason: reason.to_owned() }
}

/// The bytes between the lines of PEM.
fn der(pem: &str, kind: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {kind}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    let body: String = body.split_whitespace().collect();
    BASE64_STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        let told = |pem: &str| match PublicKey::parse("keys/team.pub", pem) {
            Ok(_) => "a key".to_owned(),
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(told("nothing"), @"`keys/team.pub` cannot be used as a key: it is no public key in PEM");
        insta::assert_snapshot!(told("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), @"`keys/team.pub` cannot be used as a key: it is neither ECDSA on P-256 nor Ed25519");
    }

    /// Made by cosign 3.1.3, with the password `secret`.
    const SEALED: &str = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n\
        eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6\n\
        OCwicCI6MX0sInNhbHQiOiIxMjVSMmswMFM0U0VCazR1ZE1nL3NlWERjZFY1eE45\n\
        TWxwTUNoOFVubmpvPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94\n\
        Iiwibm9uY2UiOiJKc3laOWJscVU1eTY4RUpDclBkMENlb1U0R3hlU1NGVCJ9LCJj\n\
        aXBoZXJ0ZXh0IjoiMXBxV2NFQ0VRTDdkOUZZbW1xZUZlU0RUVHlxQVdBZ01RYVlH\n\
        SkszVEVIUytxY1VQTkUvbnVRdzlsV3FZUC9OUmxnQzI2UE1GLzhFb1dxSUhxTDRI\n\
        a0FDdVVseUpzblVvb0x4NXZOSWNTUG4wbWF0cDJ2RGhRRDQxSnlqakV4Y0NPajZ1\n\
        QXArZUFXcWJFMmpqeXc3S1IvMHhlaFVPUU9IMkorWXdKRkZ3YlRmQUYwWU1hQmN0\n\
        Q1BuUHZuUzFpc0MydXM0cjZ5RVRKelA0WEE9PSJ9\n\
        -----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";

    #[test]
    fn keys_of_cosign_are_opened_with_their_password() {
        assert!(PrivateKey::is_sealed(SEALED));
        assert!(PrivateKey::parse("cosign.key", SEALED, Some("secret")).is_ok());
        let told = |pem: &str, password: Option<&str>| match PrivateKey::parse("key", pem, password)
        {
            Ok(_) => "a key".to_owned(),
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(told(SEALED, Some("other")), @"`key` cannot be used as a key: the password is another one, or the file was changed");
        insta::assert_snapshot!(told(SEALED, None), @"`key` cannot be used as a key: it is sealed with a password");
        let block = |json: &str| {
            let kind = "ENCRYPTED COSIGN PRIVATE KEY";
            let block = BASE64_STANDARD.encode(json);
            format!("-----BEGIN {kind}-----\n{block}\n-----END {kind}-----\n")
        };
        insta::assert_snapshot!(told(&block("{}"), Some("secret")), @"`key` cannot be used as a key: it is sealed in a way that cosign does not use");
        let dear = r#"{"kdf":{"name":"scrypt","params":{"N":1099511627776,"r":8,"p":1},"salt":""},"cipher":{"name":"nacl/secretbox","nonce":""},"ciphertext":""}"#;
        insta::assert_snapshot!(told(&block(dear), Some("secret")), @"`key` cannot be used as a key: its password costs more than a gigabyte of memory");
    }
}
