//! Devices that report to an MQTT broker, as `docs/reference/mqtt.md` describes their topics. Nothing is ever published.
//!
//! [`broker`] connects and receives in a thread of its own; [`report`] reads payloads; [`device`] keeps what one device has
//! reported; [`Fleet`] keeps all of them; [`sisters`] compares those that run one model, by their [`statistics`].

pub(crate) mod address;
pub(crate) mod broker;
pub(crate) mod device;
mod discovery;
mod event_text;
mod list;
pub(crate) mod options;
pub(crate) mod report;
pub(crate) mod sisters;
mod statistics;

pub(crate) use broker::{Broker, Update};
pub(crate) use device::{Condition, Device};
pub(crate) use list::Fleet;
pub(crate) use options::Options;
