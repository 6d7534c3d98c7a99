//! What happens to sound in which somebody speaks: `[privacy]`, and what was withheld because of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// What happens to sound in which somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speech {
    /// It is neither stored nor played.
    #[default]
    Mute,
    /// It is stored and played as any other.
    Keep,
}

/// `[privacy]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyConfig {
    /// What happens to sound in which somebody speaks.
    pub speech: Speech,
}

#[derive(Debug, Default)]
struct Inner {
    keeps: AtomicBool,
    clips: AtomicU64,
    teach: AtomicU64,
    live: AtomicU64,
    live_now: AtomicU64,
}

/// The present setting, and the counters. Its clones share everything; without a setting speech is muted.
#[derive(Debug, Clone, Default)]
pub struct Privacy(Arc<Inner>);

impl Privacy {
    /// Applies the configuration's setting.
    pub fn set(&self, config: &PrivacyConfig) {
        self.0.keeps.store(config.speech == Speech::Keep, Relaxed);
    }

    /// Whether sound in which somebody speaks is withheld.
    pub fn mutes(&self) -> bool {
        !self.0.keeps.load(Relaxed)
    }

    /// Counts an alarm clip that was stored as a picture.
    pub(crate) fn count_clip(&self) {
        self.0.clips.fetch_add(1, Relaxed);
    }

    /// Counts a sound that was not queued for labelling.
    pub(crate) fn count_teach(&self) {
        self.0.teach.fetch_add(1, Relaxed);
    }

    /// Sets whether live sound is muted now, and counts each beginning.
    #[cfg(feature = "page")]
    pub(crate) fn set_live(&self, muted: bool) {
        if self.0.live_now.swap(muted.into(), Relaxed) == 0 && muted {
            self.0.live.fetch_add(1, Relaxed);
        }
    }

    /// Each counter with its name and a line for people; `muted` is 1 while live sound is muted.
    pub fn list(&self) -> [(&'static str, &'static str, &AtomicU64); 4] {
        [
            ("clips", "Alarm clips stored as a picture because somebody spoke.", &self.0.clips),
            ("teach", "Sounds not queued for labelling because somebody spoke.", &self.0.teach),
            ("live", "Times that live sound was muted because somebody spoke.", &self.0.live),
            ("muted", "Whether live sound is muted now because somebody speaks.", &self.0.live_now),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_muted_unless_the_configuration_keeps_it() {
        let privacy = Privacy::default();
        assert!(privacy.mutes());
        privacy.clone().set(&PrivacyConfig { speech: Speech::Keep });
        assert!(!privacy.mutes());
        privacy.set(&PrivacyConfig::default());
        assert!(privacy.mutes());
    }
}
