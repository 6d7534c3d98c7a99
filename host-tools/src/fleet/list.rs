//! All devices at a broker.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::sisters::Sisters;
use super::{Condition, Device, Update, discovery};

/// Most devices that are followed: a broker may carry topics of others under the prefix.
const MOST: usize = 2000;

/// The devices, by their names.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    devices: BTreeMap<String, Device>,
    /// The model of each device, by its name: it may arrive before the device's state does.
    models: BTreeMap<String, String>,
    /// Messages of devices beyond [`MOST`].
    pub left_out: u64,
}

impl Fleet {
    /// Takes a message that arrives at `now`. Returns its device, and the line of text of an event; `None` beyond the number of
    /// devices that are followed.
    pub(crate) fn update(&mut self, update: &Update, now: Instant) -> Option<(&Device, Option<String>)> {
        if update.kind == discovery::KIND {
            let model = discovery::model(&update.device, &update.payload);
            if let Some(model) = model.filter(|_| self.models.len() < MOST || self.models.contains_key(&update.device))
            {
                self.models.insert(update.device.clone(), model);
            }
            return None;
        }
        if self.devices.len() >= MOST && !self.devices.contains_key(&update.device) {
            self.left_out += 1;
            return None;
        }
        let device = self.devices.entry(update.device.clone());
        let device = device.or_insert_with(|| Device::new(update.device.clone(), now));
        let line = device.update(update, now);
        Some((device, line))
    }

    /// All devices by name.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// A device by name.
    pub(crate) fn device(&self, id: &str) -> Option<&Device> {
        self.devices.get(id)
    }

    /// The model that a device runs, by its name; `None` if its discovery is off or has not arrived.
    pub(crate) fn model(&self, id: &str) -> Option<&str> {
        self.models.get(id).map(String::as_str)
    }

    /// A device compared with the others of its model. Devices whose model is unknown are compared with one another.
    pub(crate) fn sisters(&self, id: &str) -> Sisters {
        let model = self.model(id);
        let group: Vec<&Device> = self.devices.values().filter(|other| self.model(&other.id) == model).collect();
        let place = group.iter().position(|other| other.id == id);
        let statistics: Vec<_> = group.iter().map(|other| &other.statistics).collect();
        place.map(|place| Sisters::of(&statistics, place)).unwrap_or_default()
    }

    /// The devices with their conditions: the worst first, among equals the highest anomaly score, then by name.
    pub(crate) fn worst_first(&self, now: Instant, silent: Duration) -> Vec<(Condition, &Device)> {
        let mut all: Vec<_> = self.devices.values().map(|device| (device.condition(now, silent), device)).collect();
        let score = |device: &Device| device.report.as_ref().and_then(|report| report.anomaly).unwrap_or(f64::MIN);
        // Stable: equals stay in the order of their names.
        all.sort_by(|(a, one), (b, other)| a.cmp(b).then(score(other).total_cmp(&score(one))));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_device_is_first_and_equals_are_by_score_then_name() {
        let (mut fleet, now) = (Fleet::default(), Instant::now());
        for (id, report) in [
            ("c", r#"{"zone":"normal","anomaly":0.3}"#),
            ("b", r#"{"zone":"normal","anomaly":0.3}"#),
            ("a", r#"{"zone":"normal"}"#),
            ("d", r#"{"zone":"normal","anomaly":0.6}"#),
            ("z", r#"{"alarms":["state"]}"#),
            ("y", r#"{"zone":"watch","anomaly":0.7}"#),
        ] {
            let update = Update { device: id.into(), kind: "state".into(), payload: report.into(), retained: false };
            assert!(fleet.update(&update, now).is_some());
        }
        let order: Vec<&str> =
            fleet.worst_first(now, Duration::from_secs(10)).iter().map(|(_, device)| &device.id[..]).collect();
        assert_eq!(order, ["z", "y", "d", "b", "c", "a"]);
    }

    #[test]
    fn the_number_of_devices_is_bounded() {
        let (mut fleet, now) = (Fleet::default(), Instant::now());
        for number in 0..MOST + 5 {
            let update =
                Update { device: number.to_string(), kind: "state".into(), payload: b"{}".to_vec(), retained: true };
            fleet.update(&update, now);
        }
        assert_eq!((fleet.devices().count(), fleet.left_out), (MOST, 5));
    }
}
