//! Diagnostic notes on standard error: what a command found or assumed beside its results.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Hue, label};

/// Shows notes on standard error from now on: warnings and notes, with `verbose` also details, with `quiet` errors only.
/// The environment variable `RUST_LOG` (such as `debug` or `host_tools::features=debug`) overrides both.
pub(crate) fn show_notes(verbose: bool, quiet: bool) {
    let level = match (verbose, quiet) {
        (true, _) => LevelFilter::DEBUG,
        (_, true) => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    // Libraries' own notes are for those who ask for them.
    let filter = asked.unwrap_or_else(|| Targets::new().with_target("host_tools", level));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).event_format(Plain);
    // Fails only if notes are shown already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// `note: text`: a level in the words of a command-line program, no time, no module.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (level, hue) = match *event.metadata().level() {
            Level::ERROR => ("error:", Hue::Red),
            Level::WARN => ("warning:", Hue::Yellow),
            Level::INFO => ("note:", Hue::Cyan),
            Level::DEBUG | Level::TRACE => ("detail:", Hue::Cyan),
        };
        write!(out, "{} ", label(level, hue))?;
        context.format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}
