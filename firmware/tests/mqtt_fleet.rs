//! A fleet of devices on one broker: no state change is lost when the broker restarts; measures the load of the broker.
//!
//! Each device is the program's own MQTT output, fed with the reports of a machine that changes state now and then. Small in
//! tests; `make measure-fleet` runs it with 500 devices and writes a record.
#![cfg(feature = "mqtt")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/broker.rs"]
mod broker;
mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use broker::{Broker, free_port};
use common::program::wait;
use firmware::reporting::{DeviceInfo, Event, Outboxes, OutputContext, Probabilities, Window};
use firmware::sinks::mqtt::Config as MqttConfig;
use firmware::sinks::{SinkConfig, run};
use monitor_wire::{CaptureState, Health, StateChange};
use rumqttc::{Client, MqttOptions, Packet, QoS};
use test_needs::needs;

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

/// The devices, and the thread that generates their reports.
struct Fleet {
    stop: Arc<AtomicBool>,
    /// Changes of state of each device so far.
    changes: Arc<Vec<AtomicU64>>,
    threads: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// `every_s` between two changes of state of a device.
    fn start(port: u16, devices: u64, every_s: f64) -> Self {
        let start = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        let changes: Arc<Vec<AtomicU64>> = Arc::new((0..devices).map(|_| AtomicU64::new(0)).collect());
        let mut threads = Vec::new();
        let mut all = Vec::new();
        for device in 0..devices {
            let mut outboxes = Outboxes::new(start);
            let inbox = outboxes.open(64, false);
            let (host, id) = ("127.0.0.1".into(), format!("device{device}"));
            // The interval and keep-alive of the record.
            let (discovery, every_s, keep_alive_s) = (String::new(), 10.0, 30);
            let config = MqttConfig { host, port, id, discovery, every_s, keep_alive_s, ..MqttConfig::default() };
            let body = move || {
                let context = OutputContext::default();
                run(&mut *config.start(&context).unwrap(), &inbox, &context);
            };
            threads.push(std::thread::Builder::new().stack_size(512 * 1024).spawn(body).unwrap());
            all.push(outboxes);
        }
        let (ended, counts) = (Arc::clone(&stop), Arc::clone(&changes));
        threads.push(std::thread::spawn(move || feed(&all, start, every_s, &ended, &counts)));
        Self { stop, changes, threads }
    }

    fn changes(&self) -> u64 {
        self.changes.iter().map(|changes| changes.load(Relaxed)).sum()
    }

    fn end(self) {
        self.stop.store(true, Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// Sends each device's output two windows and one health report a second. State changes are staggered between devices.
fn feed(all: &[Outboxes], start: Instant, every_s: f64, stop: &AtomicBool, changes: &[AtomicU64]) {
    let device_info = Arc::new(DeviceInfo {
        model: "model.tflite".into(),
        labels: ["off_state", "on_state"].into_iter().collect(),
        rate_hz: 48_000,
        hop_us: 480_000,
        ..DeviceInfo::default()
    });
    all.iter().for_each(|outboxes| outboxes.send(&Event::Hello(Arc::clone(&device_info))));
    let mut tick = 0u64;
    while !stop.load(Relaxed) {
        for (device, outboxes) in all.iter().enumerate() {
            let phase = device as u64;
            if (tick + phase).is_multiple_of(5) {
                let index = tick / 5;
                outboxes.send(&Event::Window(Window {
                    index,
                    start_sample: 0,
                    state: Some((changes[device].load(Relaxed) % 2) as u16),
                    confidence: 0.9,
                    level_dbfs: -30.0 - (index % 10) as f32,
                    spans_gap: false,
                    inference_us: 1000,
                    anomaly: None,
                    zone: None,
                    probabilities: Probabilities::Borrowed(&[]),
                }));
            }
            if (tick + phase).is_multiple_of(10) {
                outboxes.send(&Event::Health(Health { capture: CaptureState::Running as u8, ..Health::default() }));
            }
            let period = (every_s * 10.0) as u64;
            if tick > 0 && (tick + phase * period / all.len() as u64).is_multiple_of(period) {
                let index = changes[device].fetch_add(1, Relaxed) + 1;
                let state = Some((index % 2) as u16);
                outboxes.send(&Event::StateChange(StateChange { index, previous: None, state, confidence: 0.9 }));
            }
        }
        tick += 1;
        std::thread::sleep(
            (start + Duration::from_millis(100) * tick as u32).saturating_duration_since(Instant::now()),
        );
    }
}

/// What the subscriber received from the fleet.
#[derive(Default)]
struct Received {
    messages: u64,
    bytes: u64,
    online: BTreeMap<String, bool>,
    /// The changes of each device, in order of arrival.
    events: BTreeMap<String, Vec<u64>>,
    late_ms: Vec<f64>,
}

impl Received {
    fn online(&self) -> usize {
        self.online.values().filter(|online| **online).count()
    }

    /// Changes received, each counted once, and the number of duplicates.
    fn changes(&self) -> (u64, u64) {
        let all: u64 = self.events.values().map(|events| events.len() as u64).sum();
        let once: u64 = self.events.values().map(|events| events.iter().max().copied().unwrap_or(0)).sum();
        (once, all.saturating_sub(once))
    }

    /// Whether every device's changes arrived in order and without a gap, apart from duplicates of earlier ones.
    fn complete(&self) -> bool {
        self.events.values().all(|events| {
            let mut newest = 0;
            events.iter().all(|index| {
                let in_order = *index <= newest + 1;
                newest = newest.max(*index);
                in_order
            })
        })
    }
}

/// Subscribes with a persistent session: the broker queues messages while the subscriber is disconnected.
fn subscribe(port: u16) -> (Arc<Mutex<Received>>, Arc<AtomicBool>) {
    let received = Arc::<Mutex<Received>>::default();
    let subscribed = Arc::new(AtomicBool::new(false));
    let mut options = MqttOptions::new("fleet-reader", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30)).set_clean_session(false);
    let (client, mut connection) = Client::new(options, 100);
    let (into, ready) = (Arc::clone(&received), Arc::clone(&subscribed));
    std::thread::spawn(move || {
        for event in connection.iter() {
            match event {
                Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                    client.subscribe("acoustic-monitor/#", QoS::AtLeastOnce).unwrap()
                }
                Ok(rumqttc::Event::Incoming(Packet::SubAck(_))) => ready.store(true, Relaxed),
                Ok(rumqttc::Event::Incoming(Packet::Publish(message))) => {
                    let mut received = into.lock().unwrap();
                    received.messages += 1;
                    received.bytes += (message.topic.len() + message.payload.len()) as u64;
                    let device = message.topic.split('/').nth(1).unwrap().to_owned();
                    if message.topic.ends_with("/availability") {
                        received.online.insert(device, &message.payload[..] == b"online");
                    } else if message.topic.ends_with("/event") {
                        let event: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
                        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
                        received.late_ms.push(1e3 * (now - event["unix_s"].as_f64().unwrap()));
                        received.events.entry(device).or_default().push(event["index"].as_u64().unwrap());
                    }
                }
                Ok(_) => {}
                Err(_) if Arc::strong_count(&into) == 1 => break,
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    });
    (received, subscribed)
}

/// Processor time of a process in seconds, and its resident memory in KiB.
fn cost(pid: u32) -> (f64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (ticks / 100.0, rss.trim().trim_end_matches(" kB").parse().unwrap())
}

/// The `percent`th percentile; sorts `values`.
fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[needs(mosquitto)]
#[test]
fn a_fleet_loses_no_change_of_state_when_its_broker_is_restarted() {
    let (devices, seconds) = (number("FLEET_DEVICES", 20), number("FLEET_SECONDS", 2));
    let (away, every_s) = (number("FLEET_AWAY_SECONDS", 1), number("FLEET_CHANGE_SECONDS", 2) as f64);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "allow_anonymous true\npersistence true\npersistence_location {}/\nmax_queued_messages 0",
        folder.path().display()
    );
    let port = free_port();
    let broker = Broker::start(folder.path(), port, &config);
    let (received, subscribed) = subscribe(port);
    wait(|| subscribed.load(Relaxed), || "the subscription".into());
    let begun = Instant::now();
    let fleet = Fleet::start(port, devices, every_s);
    let online = || received.lock().unwrap().online();
    wait(|| online() == devices as usize, || format!("{devices} devices, there are {}", online()));
    println!("{devices} devices online after {:.2} s", begun.elapsed().as_secs_f64());

    // The load in normal operation.
    let before = cost(broker.pid());
    let messages = received.lock().unwrap().messages;
    let bytes = received.lock().unwrap().bytes;
    received.lock().unwrap().late_ms.clear();
    std::thread::sleep(Duration::from_secs(seconds));
    let after = cost(broker.pid());
    // One lock at a time: a guard lives to the end of its statement.
    let mut late = std::mem::take(&mut received.lock().unwrap().late_ms);
    let messages = received.lock().unwrap().messages - messages;
    let bytes = received.lock().unwrap().bytes - bytes;
    let span = seconds as f64;
    println!(
        "steady: {:.0} messages/s, {:.1} kB/s; broker {:.1} % of a core, {:.1} MB; a change arrives after {:.0} ms (p50), \
         {:.0} ms (p99)",
        messages as f64 / span,
        bytes as f64 / span / 1e3,
        100.0 * (after.0 - before.0) / span,
        after.1 as f64 / 1e3,
        percentile(&mut late, 50),
        percentile(&mut late, 99),
    );

    // The broker is restarted.
    received.lock().unwrap().online.clear();
    broker.stop();
    std::thread::sleep(Duration::from_secs(away));
    let changed = fleet.changes();
    let begun = Instant::now();
    let broker = Broker::start(folder.path(), port, &config);
    wait(|| online() == devices as usize, || format!("{devices} devices again, there are {}", online()));
    println!("broker away for {away} s: all online again {:.2} s after its start", begun.elapsed().as_secs_f64());
    wait(|| received.lock().unwrap().changes().0 >= changed, || "the changes of the outage".into());
    println!("all changes of the outage received {:.2} s after its start", begun.elapsed().as_secs_f64());
    let sent = fleet.changes();
    fleet.end();
    wait(|| received.lock().unwrap().changes().0 >= sent, || "every change".into());
    let (changes, again) = received.lock().unwrap().changes();
    println!("{changes} changes of state, none lost, {again} received twice");
    assert!(received.lock().unwrap().complete());
    drop(broker);
}
