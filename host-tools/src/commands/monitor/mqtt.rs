//! `host-tools monitor --mqtt`: the devices at a broker, as a display or as lines.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::dashboard::devices;
use crate::fleet::address::Address;
use crate::fleet::broker::Happening;
use crate::fleet::{Broker, Condition, Fleet, Options, Update};

/// Time between two looks at the devices for silence.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Shows the devices; `lines` prints lines instead, of JSON if it is true. The timelines cover `minutes`.
///
/// # Errors
/// When the broker cannot be reached, or the terminal cannot be used.
pub(super) fn run(address: &Address, options: &Options, minutes: f64, lines: Option<bool>) -> anyhow::Result<()> {
    let broker = Broker::connect(address, options)?;
    let silent = Duration::from_secs_f64(options.silent);
    match lines {
        Some(json) => {
            print(&broker, silent, json);
            Ok(())
        }
        None => devices::show(&broker, address.to_string(), silent, minutes),
    }
}

/// Prints what happens until the output is closed.
fn print(broker: &Broker, silent: Duration, json: bool) {
    let (mut fleet, mut conditions) = (Fleet::default(), BTreeMap::new());
    loop {
        let mut lines = Vec::new();
        let happening = broker.next(POLL_INTERVAL);
        let now = Instant::now();
        match &happening {
            Some(Happening::Update(update)) => {
                // None for what is no report of a device that is followed.
                match fleet.update(update, now) {
                    Some(_) if json => lines.push(message(update)),
                    Some((_, text)) => lines.extend(text.map(|text| format!("{}: {text}", update.device))),
                    None => {}
                }
            }
            Some(Happening::Lost(why)) => lines.push(own(json, "gone", why)),
            Some(Happening::Connected) => lines.push(own(json, "connected", "the connection is back")),
            None => {}
        }
        changes(&fleet, &mut conditions, (now, silent), json, &mut lines);
        let mut out = std::io::stdout().lock();
        let text: String = lines.iter().map(|line| line.clone() + "\n").collect();
        if !text.is_empty() && out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// A message as a line of JSON. A payload that is none is a text.
fn message(update: &Update) -> String {
    let payload = serde_json::from_slice(&update.payload)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&update.payload)));
    json!({"device": update.device, "kind": update.kind, "retained": update.retained, "message": payload}).to_string()
}

/// A line about the connection itself.
fn own(json: bool, kind: &str, reason: &str) -> String {
    if json { json!({"kind": kind, "reason": reason}).to_string() } else { format!("{kind}: {reason}") }
}

/// A line for each device whose condition is another than before. In JSON only silence: the messages have the rest.
fn changes(
    fleet: &Fleet,
    before: &mut BTreeMap<String, Condition>,
    (now, silent): (Instant, Duration),
    json: bool,
    lines: &mut Vec<String>,
) {
    for device in fleet.devices() {
        let condition = device.condition(now, silent);
        let known = before.get(&device.id).copied();
        if known == Some(condition) {
            continue;
        }
        before.insert(device.id.clone(), condition);
        let seconds = device.silence(now).as_secs();
        match (condition, json) {
            (Condition::Waiting, _) => {}
            (Condition::Silent, true) => lines.push(
                json!({"device": device.id, "kind": "silent", "silent_s": seconds, "online": device.online})
                    .to_string(),
            ),
            (Condition::Silent, false) => lines.push(format!("{}: SILENT for {seconds} s", device.id)),
            (_, true) => {}
            (_, false) => {
                let state = device.report.as_ref().map_or("", |report| &report.state);
                lines.push(format!("{}: {}, {state}", device.id, condition.name()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(kind: &str, payload: &str) -> Update {
        Update { device: "pump".into(), kind: kind.into(), payload: payload.into(), retained: false }
    }

    #[test]
    fn a_line_of_json_has_the_message_as_it_is() {
        let line: Value = serde_json::from_str(&message(&update("state", r#"{"state":"on"}"#))).unwrap();
        assert_eq!(line, json!({"device":"pump","kind":"state","retained":false,"message":{"state":"on"}}));
        let line: Value = serde_json::from_str(&message(&update("availability", "online"))).unwrap();
        assert_eq!(line["message"], "online");
    }

    #[test]
    fn a_condition_is_reported_once_and_silence_in_json_too() {
        let (mut fleet, start, limit) = (Fleet::default(), Instant::now(), Duration::from_secs(10));
        fleet.update(&update("state", r#"{"state":"on","zone":"normal"}"#), start);
        let (mut text, mut lines) = (BTreeMap::new(), Vec::new());
        for second in [0, 1, 11, 12] {
            changes(&fleet, &mut text, (start + Duration::from_secs(second), limit), false, &mut lines);
        }
        assert_eq!(lines, ["pump: normal, on", "pump: SILENT for 11 s"]);
        let (mut json, mut lines) = (BTreeMap::new(), Vec::new());
        for second in [0, 11, 12] {
            changes(&fleet, &mut json, (start + Duration::from_secs(second), limit), true, &mut lines);
        }
        assert_eq!(lines, [r#"{"device":"pump","kind":"silent","online":null,"silent_s":11}"#]);
    }
}
