//! The device's side of the acoustic machine monitor: capture, inference, reporting, sinks.
//!
//! Folders, each of which imports only those before it: [`system`], [`capture`], [`alarms`], [`reporting`], [`sinks`],
//! [`config`], [`inference`], [`update`], [`commands`].

#[macro_use]
mod print;

pub mod alarms;
pub mod capture;
pub mod cli;
pub mod commands;
pub mod config;
pub mod inference;
pub mod reporting;
pub mod setting;
pub mod sinks;
pub mod system;
pub mod update;
