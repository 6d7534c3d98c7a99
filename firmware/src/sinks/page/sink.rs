//! The sink: turns events into messages for the browsers, and owns the thread that serves them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

use super::access::Access;
use super::hub::{Topic, encode};
use super::server::Server;
use super::shared::Shared;
use super::speech_gate::SpeechGate;
use super::tls::Tls;
use super::{Config, messages};
use crate::reporting::audio_tee::TeeReader;
use crate::reporting::column_tee::ColumnReader;
use crate::reporting::{Event, Item, OutputContext};
use crate::sinks::Sink;

/// How long live sound is gathered before it is sent.
const SOUND_INTERVAL: Duration = Duration::from_millis(50);

/// A page that is served.
struct PageSink {
    shared: Arc<Shared>,
    /// Given back at the end; `None` for a recording that is played as fast as possible.
    columns: Option<ColumnReader>,
    /// Live sound, where it is allowed; given back as well.
    sound: Option<TeeReader>,
    gate: SpeechGate,
    /// The certificate, with one.
    tls: Option<Arc<Tls>>,
    server: Server,
}

/// Starts the page.
///
/// # Errors
/// When there is no password, no randomness or no thread, or the certificate cannot be used.
pub(super) fn start(config: &Config, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
    let tls = Tls::new(config)?.map(Arc::new);
    let access = Access::new(config, &context.folders.get().state)?;
    let columns = context.columns.take();
    let wanted = columns.as_ref().map(ColumnReader::wanted).unwrap_or_default();
    let shared = Arc::new(Shared::new(config, context, access, wanted));
    let server = Server::start(config.listen, tls.clone(), Arc::clone(&shared))?;
    let sound = context.live.take();
    Ok(Box::new(PageSink { shared, columns, sound, gate: SpeechGate::default(), tls, server }))
}

impl PageSink {
    fn send(&self, event: &str, data: &serde_json::Value) {
        self.shared.hub.send(Topic::Event, &encode(event, &data.to_string()));
    }

    /// Sends the columns that have come since the last window.
    fn send_columns(&mut self) {
        let Some(columns) = &mut self.columns else { return };
        let mut text = b"event: columns\ndata: ".to_vec();
        let empty = text.len();
        while let Some(column) = columns.read() {
            text.extend_from_slice(&column);
        }
        if text.len() > empty {
            text.extend_from_slice(b"\n\n");
            self.shared.hub.send(Topic::Columns, &Bytes::from(text));
        }
        self.shared.counters.dropped_columns.store(columns.dropped(), std::sync::atomic::Ordering::Relaxed);
    }
}

impl Sink for PageSink {
    fn poll_interval(&self) -> Duration {
        if self.sound.is_some() { SOUND_INTERVAL } else { Duration::from_secs(3600) }
    }

    fn poll(&mut self, _: &OutputContext) {
        self.sound.iter_mut().for_each(|sound| self.shared.listeners.send(sound, &mut self.gate));
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        self.shared.update(context);
        match &item.event {
            Event::Window(window) => {
                self.shared.recent().add(item.time_us, window);
                self.send("window", &messages::window(item.time_us, window, &context.snapshot));
                self.send_columns();
            }
            Event::Health(_) => self.send("now", &self.shared.now_json()),
            Event::Hello(_) => {
                // Model and configuration were read again: so are these files.
                self.tls.iter().for_each(|tls| tls.renew());
                self.send("now", &self.shared.now_json());
            }
            _ => {
                self.send("event", &messages::event(item, &context.snapshot));
                // The alarms and the state with it, without waiting for the next second.
                self.send("now", &self.shared.now_json());
            }
        }
    }

    fn finish(&mut self, context: &OutputContext) {
        self.shared.hub.close();
        self.shared.listeners.close();
        self.server.stop();
        self.columns.take().into_iter().for_each(|columns| context.columns.put(columns));
        self.sound.take().into_iter().for_each(|sound| context.live.put(sound));
    }
}
