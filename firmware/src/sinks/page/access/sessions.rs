//! The sessions of those who have logged in: in memory only, bounded, and forgotten after a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::system::hex::hex;

/// Sessions at a time; the one that was unused longest makes room.
const MOST: usize = 64;

/// Longest time without a request, and in all.
const IDLE: Duration = Duration::from_secs(12 * 3600);
pub(super) const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// A session. Of its token only the hash is kept.
#[derive(Debug)]
struct Session {
    digest: [u8; 32],
    begun: Instant,
    used: Instant,
}

impl Session {
    fn is_over(&self) -> bool {
        self.used.elapsed() > IDLE || self.begun.elapsed() > LONGEST
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Vec<Session>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Vec<Session>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| !session.is_over());
        sessions
    }

    /// Begins a session; returns its token, 256 random bits in hexadecimal.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn begin(&self) -> Result<String, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let (token, now) = (hex(&random), Instant::now());
        let mut sessions = self.lock();
        if sessions.len() >= MOST
            && let Some(oldest) = (0..sessions.len()).min_by_key(|index| sessions[*index].used)
        {
            sessions.remove(oldest);
        }
        sessions.push(Session { digest: digest(&token), begun: now, used: now });
        Ok(token)
    }

    /// Whether a token belongs to a session, which counts as used.
    pub(super) fn is_known(&self, token: &str) -> bool {
        let digest = digest(token);
        let mut sessions = self.lock();
        let session = sessions.iter_mut().find(|session| session.digest == digest);
        session.map(|session| session.used = Instant::now()).is_some()
    }

    /// Ends a session.
    pub(super) fn end(&self, token: &str) {
        let digest = digest(token);
        self.lock().retain(|session| session.digest != digest);
    }
}

/// Tokens are compared by their hashes, so that the time of a comparison reveals nothing of a token.
fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The token that the page sends in a header with each request that changes something: other sites can neither read it nor
/// compute it.
pub(in super::super) fn form_token(token: &str) -> String {
    hex(&Sha256::digest(format!("form {token}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_until_it_is_ended_and_no_other_token_is_known() {
        let sessions = Sessions::default();
        let token = sessions.begin().unwrap();
        assert!(sessions.is_known(&token) && token.len() == 64);
        assert!(!sessions.is_known("") && !sessions.is_known(&token[1..]) && !sessions.is_known(&form_token(&token)));
        sessions.end(&token);
        assert!(!sessions.is_known(&token));
    }

    #[test]
    fn the_session_that_was_unused_longest_makes_room() {
        let sessions = Sessions::default();
        let tokens: Vec<String> = (0..MOST).map(|_| sessions.begin().unwrap()).collect();
        assert!(sessions.is_known(&tokens[0]));
        sessions.begin().unwrap();
        assert!(sessions.is_known(&tokens[0]) && !sessions.is_known(&tokens[1]) && sessions.is_known(&tokens[2]));
    }

    #[test]
    fn a_session_ends_by_itself() {
        let sessions = Sessions::default();
        let token = sessions.begin().unwrap();
        let Some(past) = Instant::now().checked_sub(IDLE + Duration::from_secs(1)) else { return };
        sessions.lock()[0].used = past;
        assert!(!sessions.is_known(&token));
    }
}
