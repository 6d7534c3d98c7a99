//! What a person or a script sees of a command: lines, tables, progress bars, JSON, diagnostic notes.
//!
//! Results go to standard output. Notes go to standard error by [`tracing`], so that `-q`, `-v` and `RUST_LOG` select
//! them. The lowest layer of the crate: it imports no other.

mod colors;
mod columns;
mod interrupt;
pub(crate) mod json;
mod notes;
mod output;
mod ui;

pub(crate) use colors::{Hue, label, set_colors};
pub(crate) use columns::{Columns, Side};
pub(crate) use interrupt::clean_up_when_interrupted;
pub use json::JsonOut;
pub(crate) use monitor_model::names::{one_line, shown};
pub(crate) use notes::show_notes;
pub(crate) use output::{check_files, check_folder, is_stdout, write_output};
pub use ui::Ui;
pub(crate) use ui::stdout_failure;
