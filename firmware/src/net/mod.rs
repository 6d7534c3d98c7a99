//! What the plant's network gets: each a thread with a bounded queue like every other output, off unless switched on.

pub mod http;
pub mod modbus;
#[cfg(feature = "mqtt")]
mod mqtt;
mod prometheus;
mod server;
mod snapshot;

pub use modbus::run as run_modbus;
#[cfg(feature = "mqtt")]
pub use mqtt::run as run_mqtt;
pub use prometheus::run as run_prometheus;
pub use snapshot::Snapshot;
