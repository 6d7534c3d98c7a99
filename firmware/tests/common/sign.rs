//! Signatures of model files, as `host-tools sign` and `minisign -S` write them.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use minisign::{KeyPair, SecretKeyBox};

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path of the public key that belongs to the secret key `key`.
pub fn public_beside(key: &Path) -> PathBuf {
    with_suffix(key, ".pub")
}

/// Generates a key pair with the secret key at `key`; returns the path of the public key.
pub fn generate(key: &Path) -> PathBuf {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    std::fs::write(key, pair.sk.to_box(None).unwrap().into_string()).unwrap();
    let public = public_beside(key);
    std::fs::write(&public, pair.pk.to_box().unwrap().into_string()).unwrap();
    public
}

/// Signs the file `model` with the secret key `key` and writes the signature beside it.
pub fn sign(model: &Path, key: &Path) {
    let secret = SecretKeyBox::from_string(&std::fs::read_to_string(key).unwrap()).unwrap();
    let secret = secret.into_unencrypted_secret_key().unwrap();
    let bytes = Cursor::new(std::fs::read(model).unwrap());
    let signature = minisign::sign(None, &secret, bytes, None, None).unwrap();
    std::fs::write(with_suffix(model, ".minisig"), signature.into_string()).unwrap();
}
