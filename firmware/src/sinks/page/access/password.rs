//! The password: from the configuration as a hash, or random and kept in the state directory.

use std::path::{Path, PathBuf};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use sha2::{Digest, Sha256};

use crate::system::messages::warn;
use crate::system::secret_file;

/// Name of the file with a random password.
const FILE: &str = "page.password";

/// Characters of a random password, without those that are mistaken for each other; 32, so that each has 5 bits.
const CHARACTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Characters of a random password: 100 bits.
const LEN: usize = 20;

/// Most memory in KiB, passes and lanes that a hash of the configuration may ask for.
const MOST: [u32; 3] = [64 * 1024, 16, 4];

/// Memory in KiB, passes and lanes of the hashes that are made here: the least memory of OWASP's equivalent choices
/// ("Password Storage Cheat Sheet"), as a device has little.
const OWN: [u32; 3] = [7 * 1024, 5, 1];

/// Fewest characters of a password that is chosen.
pub(crate) const SHORTEST: usize = 10;

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// It would be guessed.
    #[error("the password is shorter than {SHORTEST} characters; choose a longer one")]
    Short,
    /// No random numbers, or no memory.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

/// The hash of a password, for `page.password_hash`.
///
/// # Errors
/// [`HashError`].
pub(crate) fn hash(password: &str) -> Result<String, HashError> {
    if password.chars().count() < SHORTEST {
        return Err(HashError::Short);
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| HashError::Failed(error.to_string()))?;
    let failed = |error: &dyn std::fmt::Display| HashError::Failed(error.to_string());
    let [memory, passes, lanes] = OWN;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| failed(&error))?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Whether a hash of the configuration can be checked with bounded memory and time.
pub(crate) fn is_usable(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let within = |params: Params| {
        let costs = [params.m_cost(), params.t_cost(), params.p_cost()];
        costs.iter().zip(MOST).all(|(cost, most)| *cost <= most)
    };
    Algorithm::try_from(hash.algorithm.as_str()).is_ok() && Params::try_from(&hash).is_ok_and(within)
}

/// What a given password is compared with.
pub(super) enum Password {
    /// The hash of the configuration.
    Hash(String),
    /// SHA-256 of a random password: nobody guesses 100 bits, so that a slow hash would add nothing.
    Random([u8; 32]),
}

impl Password {
    /// By the hash of the configuration; without one the password in `state_dir`, which is made if it is not there.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn new(hash: &str, state_dir: &Path) -> Result<Self, String> {
        if !hash.is_empty() {
            return Ok(Self::Hash(hash.into()));
        }
        let path = (!state_dir.as_os_str().is_empty()).then(|| state_dir.join(FILE));
        let kept = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let kept = kept.map(|kept| kept.trim().to_owned()).filter(|kept| kept.len() >= SHORTEST);
        let password = match kept {
            Some(kept) => kept,
            None => {
                let made = random().map_err(|error| format!("no random numbers for a password: {error}"))?;
                announce(&made, path);
                made
            }
        };
        Ok(Self::Random(Sha256::digest(password).into()))
    }

    /// Whether this is the password. May take a second.
    pub(super) fn is(&self, given: &str) -> bool {
        match self {
            Self::Hash(hash) => Argon2::default().verify_password(given.as_bytes(), hash.as_str()).is_ok(),
            Self::Random(digest) => <[u8; 32]>::from(Sha256::digest(given)) == *digest,
        }
    }
}

/// Reports a new password, and keeps it in the file.
fn announce(password: &str, path: Option<PathBuf>) {
    let kept = path.map(|path| (keep(&path, password), path));
    warn(match kept {
        Some((Ok(()), path)) => {
            format!("page: the password is {password} (it stays in {}, which only this user can read)", path.display())
        }
        Some((Err(error), path)) => format!(
            "page: the password is {password} until the next start: {} cannot be written: {error}",
            path.display()
        ),
        None => format!("page: the password is {password} until the next start: listen.state_dir is empty"),
    });
}

/// Writes the password to a file that only this user can read.
fn keep(path: &Path, password: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    secret_file::write(path, &format!("{password}\n"))
}

/// A random password, in groups of five characters.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes)?;
    let characters: Vec<u8> = bytes.iter().map(|byte| CHARACTERS[usize::from(byte % 32)]).collect();
    let groups: Vec<String> = characters.chunks(5).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_hash_that_is_made_here_can_be_used_and_fits_its_password_only() {
        assert!(matches!(hash("short"), Err(HashError::Short)));
        let made = hash("correct horse").unwrap();
        assert!(is_usable(&made), "{made}");
        let password = Password::new(&made, Path::new("")).unwrap();
        assert!(password.is("correct horse") && !password.is("correct horse ") && !password.is(""));
    }

    #[test]
    fn hashes_of_other_kinds_or_of_too_much_memory_are_refused() {
        let with = |params| format!("$argon2id$v=19${params}$c2FsdHNhbHRzYWx0$q1J5Q0p5Q0p5Q0p5Q0p5Q0p5Q0p5Q0p5Q0o");
        assert!(is_usable(&with("m=65536,t=16,p=4")));
        for params in ["m=65537,t=2,p=1", "m=8192,t=17,p=1", "m=8192,t=2,p=5", "m=1"] {
            assert!(!is_usable(&with(params)), "{params}");
        }
        for other in ["secret", "$2b$12$abcdefghijklmnopqrstuu", "$argon2id$", "$scrypt$ln=16,r=8,p=1$c2FsdA$aGFzaA"] {
            assert!(!is_usable(other), "{other}");
        }
    }

    #[test]
    fn a_random_password_is_kept_for_this_user_alone_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        drop(Password::new("", &state).unwrap());
        let kept = std::fs::read_to_string(state.join(FILE)).unwrap();
        assert_eq!(
            (kept.len(), std::fs::metadata(state.join(FILE)).unwrap().permissions().mode() & 0o777),
            (24, 0o600)
        );
        assert!(Password::new("", &state).unwrap().is(kept.trim()));
        // A file that a power cut has left empty is no password.
        std::fs::write(state.join(FILE), "").unwrap();
        assert!(!Password::new("", &state).unwrap().is(""));
    }
}
