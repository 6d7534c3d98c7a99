//! The workstation's side of the acoustic machine monitor: data sets, training, evaluation, plots and model export.
//!
//! Thin around [`shared`]: every window that is trained or evaluated on passes the very chain that the device runs.
#![forbid(unsafe_code)]

pub mod anomaly;
pub mod base;
pub mod changes;
pub mod cli;
pub mod columns;
pub mod commands;
pub mod dataset;
pub mod download;
pub mod evaluate;
pub mod features;
pub mod in_order;
pub mod json;
pub mod measured;
pub mod metrics;
pub mod monitor;
pub mod plots;
pub mod predict;
pub mod projection;
pub mod report;
pub mod selfcheck;
pub mod sign;
pub mod split;
pub mod table;
pub mod train;
pub mod ui;
