//! What is sent at once and what is held back for a digest.
//!
//! Each kind (a cause of alarm, or the warning) has its own cool-down. Nothing that is held back is lost: it is counted, and the
//! digest reports it when cool-down and quiet hours of that kind are over. So a kind sends at most one message in its cool-down,
//! however often it is raised.

use std::time::Duration;

use monitor_model::line::Causes;
use monitor_wire::AlarmCause;
use serde::{Deserialize, Serialize};

use super::Config;
use super::config::WARNING;

/// Number of kinds: the causes, and the warning.
pub(super) const KINDS: usize = AlarmCause::Microphone as usize + 2;

/// The kind of the warning.
pub(super) const WARNING_KIND: usize = KINDS - 1;

/// The name of a kind.
pub(super) fn name(kind: usize) -> &'static str {
    if kind == WARNING_KIND { WARNING } else { monitor_model::line::cause_name(kind as u8) }
}

/// What of one kind was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Held {
    /// How often.
    pub(super) count: u32,
    /// The first and the last time, in milliseconds since 1970.
    pub(super) first_ms: u64,
    pub(super) last_ms: u64,
}

/// What to do with something that was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: the configuration does not name it.
    Ignore,
    Send,
    /// Nothing now: it is counted for the digest.
    Hold,
}

/// Decides. Times are counted from the sink's start.
#[derive(Debug)]
pub(super) struct Policy {
    wanted: [bool; KINDS],
    urgent: [bool; KINDS],
    cooldown: Duration,
    /// When a message of each kind was sent last.
    sent: [Option<Duration>; KINDS],
    held: [Held; KINDS],
}

impl Policy {
    /// By the configuration; `held` is what was held back before the restart.
    pub(super) fn new(config: &Config, held: [Held; KINDS]) -> Self {
        let flags = |names: &[String], warning: bool| {
            let bits: u32 = names.iter().filter_map(|name| Causes::named(name)).map(|cause| cause.bits).sum();
            std::array::from_fn(|kind| if kind == WARNING_KIND { warning } else { bits >> kind & 1 == 1 })
        };
        Self {
            wanted: flags(&config.causes, config.warnings),
            urgent: flags(&config.urgent, config.urgent.iter().any(|name| name == WARNING)),
            cooldown: Duration::from_secs(config.cooldown_s.into()),
            sent: [None; KINDS],
            held,
        }
    }

    /// Whether a kind may send now.
    fn may_send(&self, kind: usize, now: Duration, quiet: bool) -> bool {
        let cool = self.sent[kind].is_none_or(|sent| now.saturating_sub(sent) >= self.cooldown);
        cool && (!quiet || self.urgent[kind])
    }

    /// Decides about something that was raised at `unix_ms`.
    pub(super) fn raised(&mut self, kind: usize, now: Duration, quiet: bool, unix_ms: u64) -> Verdict {
        if kind >= KINDS || !self.wanted[kind] {
            return Verdict::Ignore;
        }
        // What waits for the digest comes first: it is due with the next poll, and this belongs to it.
        if self.may_send(kind, now, quiet) && self.held[kind].count == 0 {
            self.sent[kind] = Some(now);
            return Verdict::Send;
        }
        let held = &mut self.held[kind];
        if held.count == 0 {
            held.first_ms = unix_ms;
        }
        held.count = held.count.saturating_add(1);
        held.last_ms = unix_ms;
        Verdict::Hold
    }

    /// Whether the end of something that was sent may be sent.
    pub(super) fn may_end(&self, kind: usize, quiet: bool) -> bool {
        kind < KINDS && self.wanted[kind] && (!quiet || self.urgent[kind])
    }

    /// What was held back of the kinds that may send now. It counts as sent.
    pub(super) fn due(&mut self, now: Duration, quiet: bool) -> Vec<(usize, Held)> {
        let due: Vec<usize> =
            (0..KINDS).filter(|kind| self.held[*kind].count > 0 && self.may_send(*kind, now, quiet)).collect();
        due.into_iter()
            .map(|kind| {
                self.sent[kind] = Some(now);
                (kind, std::mem::take(&mut self.held[kind]))
            })
            .collect()
    }

    /// What is held back now.
    pub(super) fn held(&self) -> [Held; KINDS] {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANOMALY: usize = AlarmCause::Anomaly as usize;
    const NO_SOUND: usize = AlarmCause::NoSound as usize;

    fn policy(change: impl FnOnce(&mut Config)) -> Policy {
        let mut config = Config::default();
        change(&mut config);
        Policy::new(&config, [Held::default(); KINDS])
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_flood_is_one_message_and_one_digest_for_each_cool_down() {
        let mut policy = policy(|_| {});
        let mut messages = 0;
        for second in 0..1800 {
            messages += usize::from(policy.raised(ANOMALY, at(second), false, second) == Verdict::Send);
            messages += policy.due(at(second), false).len();
        }
        assert_eq!(messages, 3);
        let digest = policy.due(at(1800), false);
        assert_eq!(digest, [(ANOMALY, Held { count: 599, first_ms: 1201, last_ms: 1799 })]);
        assert_eq!(policy.due(at(9999), false), []);
    }

    #[test]
    fn kinds_cool_down_apart_and_those_that_are_not_named_are_ignored() {
        let mut policy = policy(|config| config.causes = vec!["anomaly".into(), "no_sound".into()]);
        assert_eq!(policy.raised(ANOMALY, at(0), false, 0), Verdict::Send);
        assert_eq!(policy.raised(NO_SOUND, at(1), false, 0), Verdict::Send);
        assert_eq!(policy.raised(ANOMALY, at(599), false, 0), Verdict::Hold);
        assert_eq!(policy.raised(AlarmCause::State as usize, at(0), false, 0), Verdict::Ignore);
        assert_eq!(policy.raised(WARNING_KIND, at(0), false, 0), Verdict::Ignore);
        assert_eq!(policy.raised(99, at(0), false, 0), Verdict::Ignore);
    }

    #[test]
    fn quiet_hours_hold_back_everything_but_what_is_urgent_until_they_end() {
        let mut policy = policy(|config| {
            config.urgent = vec!["no_sound".into()];
            config.warnings = true;
        });
        assert_eq!(policy.raised(NO_SOUND, at(0), true, 5), Verdict::Send);
        assert_eq!(policy.raised(ANOMALY, at(0), true, 5), Verdict::Hold);
        assert_eq!(policy.raised(WARNING_KIND, at(1), true, 6), Verdict::Hold);
        assert!(policy.due(at(9000), true).is_empty());
        assert!(policy.may_end(NO_SOUND, true) && !policy.may_end(ANOMALY, true) && policy.may_end(ANOMALY, false));
        let kinds: Vec<usize> = policy.due(at(9001), false).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [ANOMALY, WARNING_KIND]);
        // The digest begins the cool-down.
        assert_eq!(policy.raised(ANOMALY, at(9002), false, 7), Verdict::Hold);
    }

    #[test]
    fn without_a_cool_down_everything_is_sent() {
        let mut policy = policy(|config| config.cooldown_s = 0);
        assert!((0..100).all(|_| policy.raised(ANOMALY, at(0), false, 0) == Verdict::Send));
    }
}
