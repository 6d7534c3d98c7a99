//! Updates that were offered to this device and rejected, and why: every sink reports them with the device info.
//!
//! There are three kinds: an update on the card, which `firmware update` has rejected before this program started; a refit that
//! cannot be used with the model; and a model or configuration that cannot be used at a reload.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use monitor_model::texts::Texts;

use crate::reporting::DeviceInfo;

/// Longest text of all reasons together, in bytes: with the labels of any usual model it fits a frame of 2 KiB.
const MOST: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub struct RejectedUpdates(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Of the card's update, one reason each.
    update: Vec<String>,
    /// Of the refit, by the setup in use.
    refit: Texts,
    /// Of the last reload.
    reload: Option<String>,
    /// The device info that was reported last.
    reported: Option<Arc<DeviceInfo>>,
}

impl RejectedUpdates {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the reasons of the card's update.
    pub(crate) fn set_update(&self, reasons: Vec<String>) {
        self.lock().update = reasons;
    }

    /// Adds the reasons to the device info, which has those of the refit, and keeps it for the next reload.
    pub(crate) fn add_to(&self, device: DeviceInfo) -> Arc<DeviceInfo> {
        let mut inner = self.lock();
        inner.refit = device.rejected_updates.clone();
        let device = Arc::new(DeviceInfo { rejected_updates: inner.reasons(), ..device });
        inner.reported = Some(Arc::clone(&device));
        device
    }

    /// Sets the result of a reload: why nothing was changed, or `None`. Returns the device info to report, if it has changed.
    pub(crate) fn set_reload(&self, why: Option<String>) -> Option<Arc<DeviceInfo>> {
        let mut inner = self.lock();
        inner.reload = why;
        let rejected_updates = inner.reasons();
        let device = inner.reported.as_ref().filter(|reported| reported.rejected_updates != rejected_updates)?;
        let device = Arc::new(DeviceInfo { rejected_updates, ..DeviceInfo::clone(device) });
        inner.reported = Some(Arc::clone(&device));
        Some(device)
    }
}

impl Inner {
    /// One line for each reason; the last is cut where all together are too long.
    fn reasons(&self) -> Texts {
        let mut room = MOST;
        let mut reasons = Vec::new();
        for reason in self.update.iter().chain(self.refit.iter()).chain(&self.reload) {
            // A reason is one line, and on the wire a line end follows it.
            let reason = reason.replace(['\r', '\n'], " ");
            if reason.len() > room {
                let end = (0..=room.saturating_sub(3)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
                reasons.push(format!("{}...", &reason[..end]));
                break;
            }
            room = room.saturating_sub(reason.len() + 1);
            reasons.push(reason);
        }
        reasons.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_reported_with_the_device_and_a_good_reload_clears_only_that_of_the_reload_before() {
        let rejected = RejectedUpdates::default();
        rejected.set_update(vec!["firmware: does not\nstart".into()]);
        assert_eq!(*rejected.add_to(DeviceInfo::default()).rejected_updates, ["firmware: does not start"]);
        let again = rejected.set_reload(Some("no such file".into())).unwrap();
        assert_eq!(*again.rejected_updates, ["firmware: does not start", "no such file"]);
        assert_eq!(rejected.set_reload(Some("no such file".into())), None, "it was reported");
        rejected.set_reload(None);
        assert_eq!(*rejected.add_to(DeviceInfo::default()).rejected_updates, ["firmware: does not start"]);
    }

    #[test]
    fn the_reason_of_a_refit_is_that_of_the_setup_in_use() {
        let rejected = RejectedUpdates::default();
        rejected.set_update(vec!["firmware: does not start".into()]);
        let damaged =
            DeviceInfo { rejected_updates: ["refit: damaged"].into_iter().collect(), ..DeviceInfo::default() };
        assert_eq!(*rejected.add_to(damaged).rejected_updates, ["firmware: does not start", "refit: damaged"]);
        assert_eq!(*rejected.add_to(DeviceInfo::default()).rejected_updates, ["firmware: does not start"]);
    }

    #[test]
    fn before_the_first_device_info_there_is_nothing_to_report_again() {
        assert_eq!(RejectedUpdates::default().set_reload(Some("no such file".into())), None);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_two_characters() {
        let rejected = RejectedUpdates::default();
        rejected.set_update(vec!["ä".repeat(400)]);
        let device = rejected.add_to(DeviceInfo::default());
        assert_eq!(*device.rejected_updates, [format!("{}...", "ä".repeat(254))]);
    }

    #[test]
    fn all_reasons_together_stay_within_their_bound() {
        let rejected = RejectedUpdates::default();
        rejected.set_update(vec!["x".repeat(300); 4]);
        let device = rejected.add_to(DeviceInfo::default());
        let joined = device.rejected_updates.join("\n");
        assert!(joined.len() <= MOST && joined.ends_with("..."), "{}", joined.len());
    }
}
