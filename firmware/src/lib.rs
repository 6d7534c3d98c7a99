//! The device's side of the acoustic machine monitor: capture, inference, reporting, sinks.
//!
//! Folders, each of which imports only those before it: [`system`], [`capture`], [`alarms`], [`refit`], [`reporting`], [`trend`],
//! [`sinks`], [`config`], [`inference`], [`network`], [`update`], [`commands`].
//!
//! Public is what the program, its tests, the benchmarks and the fuzz targets use.
#![warn(unreachable_pub)]

#[macro_use]
mod print;

pub mod alarms;
pub mod capture;
pub mod cli;
pub mod commands;
pub mod config;
pub mod inference;
pub mod network;
pub mod refit;
pub mod reporting;
mod setting;
pub mod sinks;
pub mod system;
pub mod trend;
pub mod update;
