//! A real mosquitto on loopback, and a client that collects all messages published there.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;

use crate::common::program::wait;

/// A port of loopback that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The program; finds it also if `PATH` does not contain sbin.
fn mosquitto() -> Command {
    let place = Path::new("/usr/sbin/mosquitto");
    Command::new(if place.exists() { place } else { Path::new("mosquitto") })
}

/// A running broker.
pub struct Broker {
    child: Child,
    pub port: u16,
}

impl Broker {
    /// Starts one on `port`, with `more` lines of configuration in `folder`.
    pub fn start(folder: &Path, port: u16, more: &str) -> Self {
        let config = folder.join("mosquitto.conf");
        // When started by root, mosquitto would otherwise switch to a user that cannot read the test's folder.
        let text = format!("listener {port} 127.0.0.1\nuser root\nset_tcp_nodelay true\n{more}\n");
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(folder.join("mosquitto.log")).unwrap();
        let child = mosquitto().arg("-c").arg(config).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        wait(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok(), || "the broker".into());
        Self { child, port }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it with SIGTERM, so that it saves its persistent state.
    pub fn stop(mut self) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A received message: topic, payload, and whether it was retained.
pub type Received = (String, String, bool);

/// A client that subscribes to every topic.
pub struct Subscriber {
    received: Arc<Mutex<Vec<Received>>>,
    subscribed: Arc<Mutex<u32>>,
    pub client: Client,
}

impl Subscriber {
    pub fn new(port: u16, login: Option<(&str, &str)>) -> Self {
        let mut options = MqttOptions::new(format!("subscriber-{port}-{}", free_port()), "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        if let Some((user, password)) = login {
            options.set_credentials(user, password);
        }
        let (client, mut connection) = Client::new(options, 100);
        let (received, subscribed) = (Arc::<Mutex<Vec<Received>>>::default(), Arc::<Mutex<u32>>::default());
        let subscriber =
            Self { received: Arc::clone(&received), subscribed: Arc::clone(&subscribed), client: client.clone() };
        std::thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => client.subscribe("#", QoS::AtLeastOnce).unwrap(),
                    Ok(Event::Incoming(Packet::SubAck(_))) => *subscribed.lock().unwrap() += 1,
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        let payload = String::from_utf8(message.payload.to_vec()).unwrap();
                        received.lock().unwrap().push((message.topic, payload, message.retain));
                    }
                    Ok(_) => {}
                    Err(_) if Arc::strong_count(&received) == 1 => break,
                    Err(_) => std::thread::sleep(Duration::from_millis(10)),
                }
            }
        });
        subscriber
    }

    /// How often the broker has acknowledged the subscription.
    pub fn subscriptions(&self) -> u32 {
        *self.subscribed.lock().unwrap()
    }

    /// All payloads of a topic so far.
    pub fn payloads(&self, topic: &str) -> Vec<String> {
        self.received
            .lock()
            .unwrap()
            .iter()
            .filter(|message| message.0 == topic)
            .map(|message| message.1.clone())
            .collect()
    }

    pub fn topics(&self) -> Vec<String> {
        self.received.lock().unwrap().iter().map(|message| message.0.clone()).collect()
    }

    /// The newest payload of a topic, as JSON; null if there is none.
    pub fn newest(&self, topic: &str) -> Value {
        self.payloads(topic).last().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or(Value::Null))
    }

    pub fn wait(&self, what: &str, until: impl Fn(&Self) -> bool) {
        wait(|| until(self), || format!("{what}: {:?}", self.topics()));
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.client.disconnect();
    }
}
