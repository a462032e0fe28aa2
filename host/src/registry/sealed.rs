//! Private keys as `cosign generate-key-pair` writes them: PKCS #8 in a secretbox, its key derived from a password.
//! Source: <https://github.com/secure-systems-lab/go-securesystemslib> (`encrypted`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde::Deserialize;

/// The names that cosign has given the form over time.
const NAMES: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
/// The most that a password may cost, as a power of two: a gigabyte and some seconds.
const COST: u32 = 20;

#[derive(Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// The name of the PEM block, when the key is in this form.
pub(super) fn kind(pem: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| pem.contains(&format!("-----BEGIN {name}-----")))
}

/// Opens what stands in the PEM block.
///
/// # Errors
/// Why it stays closed.
pub(super) fn open(block: &[u8], password: &str) -> Result<Vec<u8>, &'static str> {
    const OTHER: &str = "it is sealed in a way that cosign does not use";
    let sealed: Sealed = serde_json::from_slice(block).map_err(|_| OTHER)?;
    let (kdf, cipher) = (sealed.kdf, sealed.cipher);
    if kdf.name != "scrypt" || cipher.name != "nacl/secretbox" || !kdf.params.n.is_power_of_two() {
        return Err(OTHER);
    }
    let cost = kdf.params.n.ilog2();
    if cost > COST {
        return Err("its password costs more than a gigabyte of memory");
    }
    let decode = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| OTHER);
    let cost = u8::try_from(cost).map_err(|_| OTHER)?;
    let params = scrypt::Params::new(cost, kdf.params.r, kdf.params.p).map_err(|_| OTHER)?;
    let mut key = Key::default();
    let salt = decode(&kdf.salt)?;
    scrypt::scrypt(password.as_bytes(), &salt, &params, &mut key).map_err(|_| OTHER)?;
    let nonce: [u8; 24] = decode(&cipher.nonce)?.try_into().map_err(|_| OTHER)?;
    let opened = XSalsa20Poly1305::new(&key)
        .decrypt(Nonce::from_slice(&nonce), decode(&sealed.ciphertext)?.as_slice());
    opened.map_err(|_| "the password is another one, or the file was changed")
}
