//! Colours of labels on standard error, and whether the dashboard has any.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use monitor_model::color;

/// Whether labels on standard error are coloured.
static COLORED: AtomicBool = AtomicBool::new(false);

/// The colours of labels, as ECMA-48 numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hue {
    /// Errors.
    Red = 31,
    /// Warnings.
    Yellow = 33,
    /// Notes and details.
    Cyan = 36,
}

/// Sets colours as `--color` asks: always, never, or (`None`) on terminals unless the environment forbids it.
pub(crate) fn set_colors(asked: Option<bool>) {
    COLORED.store(color::enabled(asked, std::io::stderr().is_terminal()), Relaxed);
    // The dashboard is drawn on a terminal only. The library itself honours NO_COLOR.
    if let Some(on) = asked {
        ratatui::crossterm::style::force_color_output(on);
    }
}

/// A label in bold and in a colour, where labels are coloured.
pub(crate) fn label(text: &str, hue: Hue) -> String {
    if COLORED.load(Relaxed) { format!("\x1b[1;{}m{text}\x1b[0m", hue as u8) } else { text.to_owned() }
}
