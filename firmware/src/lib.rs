//! The device's side of the acoustic machine monitor: capture, inference, status output. Thin around [`shared`].

#[macro_use]
mod words;

pub mod alarms;
pub mod capture;
pub mod cli;
pub mod clips;
pub mod clock;
pub mod commands;
pub mod config;
pub mod enrolment;
pub mod events;
pub mod latched;
pub mod meter;
pub mod net;
pub mod outbox;
pub mod outputs;
pub mod report;
pub mod rt;
pub mod run;
pub mod signature;
pub mod update;
pub mod wav_writer;
