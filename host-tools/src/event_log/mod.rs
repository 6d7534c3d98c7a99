//! The history of a device, from its event log as `firmware events --csv` prints it.
//!
//! [`read`] reads the records; [`course`] follows them to states, alarms and gaps over time, and to hours per state; [`text`]
//! states these; [`table`] writes the records for other programs.

mod course;
mod read;
mod table;
mod text;

pub(crate) use course::{Course, Raised, Span};
pub(crate) use read::{Record, read};
pub(crate) use table::write_table;
pub(crate) use text::{EXPLANATIONS, moment};
