//! Signing of model files in minisign's format, for devices with `require_signature`.
//!
//! Files are compatible with the `minisign` program in both directions. Signatures are Ed25519 over the file's BLAKE2b
//! hash: the same key and file give the same bytes.

use std::fs::OpenOptions;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};

/// `path` with `suffix` appended to its name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Path of the public key of the secret key `key`: `monitor.key.pub` for `monitor.key`.
fn public_beside(key: &Path) -> PathBuf {
    with_suffix(key, ".pub")
}

/// Generates a new pair of keys: the secret key at `key`, the public key beside it with `.pub` appended. With an empty password the
/// secret key is not encrypted.
///
/// # Errors
/// When one of the files exists already or cannot be written.
pub fn generate(key: &Path, password: String) -> anyhow::Result<PathBuf> {
    let public = public_beside(key);
    for path in [key, &public] {
        ensure!(!path.exists(), "{} exists: keys are never overwritten; choose another name", path.display());
    }
    let pair = if password.is_empty() {
        KeyPair::generate_unencrypted_keypair()
    } else {
        KeyPair::generate_encrypted_keypair(Some(password))
    }
    .context("cannot generate a key")?;
    let secret = pair.sk.to_box(Some("secret key of the acoustic machine monitor"))?.into_string();
    write_secret(key, &secret).with_context(|| format!("cannot write {}", key.display()))?;
    monitor_model::atomic_file::write(&public, pair.pk.to_box()?.into_string().as_bytes())
        .with_context(|| format!("cannot write {}", public.display()))?;
    Ok(public)
}

/// Writes a file that only its owner may read; removes it on failure.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })
}

/// Reads the secret key at `path`. `password` is used only if the key is encrypted; `None` asks on the terminal.
///
/// # Errors
/// When the file is not a secret key, or the password is wrong.
pub fn secret_key(path: &Path, password: Option<String>) -> anyhow::Result<SecretKey> {
    let read = || format!("{}: not a secret key; generate one with `host-tools sign --generate`", path.display());
    let text = std::fs::read_to_string(path).with_context(read)?;
    let bare = SecretKeyBox::from_string(&text)?.into_unencrypted_secret_key();
    bare.or_else(|_| SecretKeyBox::from_string(&text)?.into_secret_key(password))
        .with_context(|| format!("{}: not a secret key, or the wrong password", path.display()))
}

/// Signs the file `model`; returns the path of the signature: the path of the model with `.minisig` appended.
///
/// # Errors
/// When the model cannot be read or the signature cannot be written.
pub fn sign(model: &Path, key: &SecretKey) -> anyhow::Result<PathBuf> {
    let bytes = std::fs::read(model).with_context(|| format!("{}: cannot be read", model.display()))?;
    monitor_tflite::Model::parse(&bytes)
        .with_context(|| format!("{}: not a model file, so it is not signed", model.display()))?;
    let public = PublicKey::from_secret_key(key)?;
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    // Both comments are lines of the file.
    let name: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let trusted = format!("file:{name}\thashed");
    let untrusted = "signature of the acoustic machine monitor";
    let signature = minisign::sign(Some(&public), key, Cursor::new(&bytes), Some(&trusted), Some(untrusted))?;
    minisign::verify(&public, &signature, Cursor::new(&bytes), true, false, false)
        .context("the new signature does not verify; check this machine's memory")?;
    let path = with_suffix(model, ".minisig");
    monitor_model::atomic_file::write(&path, signature.into_string().as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_overwritten_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("monitor.key");
        generate(&key, String::new()).unwrap();
        let before = std::fs::read(&key).unwrap();
        assert!(generate(&key, String::new()).is_err());
        assert_eq!(std::fs::read(&key).unwrap(), before);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_encrypted_key_opens_with_its_password_only() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("monitor.key");
        generate(&key, "open".into()).unwrap();
        assert!(secret_key(&key, Some("shut".into())).is_err());
        assert!(secret_key(&key, Some("open".into())).is_ok());
    }

    #[test]
    fn a_file_that_is_not_a_model_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let (key, text) = (folder.path().join("monitor.key"), folder.path().join("notes.txt"));
        generate(&key, String::new()).unwrap();
        std::fs::write(&text, "no model").unwrap();
        assert!(sign(&text, &secret_key(&key, None).unwrap()).is_err());
        assert!(!folder.path().join("notes.txt.minisig").exists());
    }
}
