//! Ctrl-C and SIGTERM: what is half made is removed before the program ends.

/// Removes the temporary files of this program when it is interrupted. It then ends as without this: by the signal.
#[cfg(unix)]
pub(crate) fn clean_up_when_interrupted() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    // Without it an interrupted program leaves hidden files, which the next run removes.
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            monitor_model::atomic_file::remove_all();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

/// Other systems end the program at once; hidden files that it leaves are removed by the next run.
#[cfg(not(unix))]
pub(crate) fn clean_up_when_interrupted() {}
