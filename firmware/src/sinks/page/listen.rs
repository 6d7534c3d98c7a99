//! `GET api/listen`: the sound now, for those who operate, where the configuration allows it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::body::Messages;
use super::shared::Shared;
use super::speech_gate::SpeechGate;
use super::{access, answer};
use crate::reporting::audio_tee::TeeReader;
use crate::reporting::{PageCounters, Privacy};

/// Browsers that may listen at a time.
const MOST: usize = 4;

/// Pieces of sound that may wait for one browser, each of about 50 ms.
const QUEUE: usize = 40;

/// Largest rate that is sent; sound of a higher one is averaged down by a whole number.
const MOST_HZ: u32 = 48_000;

/// The browsers that listen.
#[derive(Debug)]
pub(super) struct Listeners {
    queues: Mutex<Vec<Sender<Bytes>>>,
    rate_hz: AtomicU32,
    counters: Arc<PageCounters>,
    privacy: Privacy,
}

impl Listeners {
    pub(super) fn new(counters: Arc<PageCounters>, privacy: Privacy) -> Self {
        Self { queues: Mutex::default(), rate_hz: AtomicU32::new(0), counters, privacy }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sender<Bytes>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a browser; `None` when there are too many already.
    fn join(&self) -> Option<Receiver<Bytes>> {
        let mut queues = self.lock();
        queues.retain(|queue| !queue.is_closed());
        if queues.len() >= MOST {
            return None;
        }
        let (sender, receiver) = channel(QUEUE);
        queues.push(sender);
        self.count(&queues);
        Some(receiver)
    }

    fn count(&self, queues: &[Sender<Bytes>]) {
        self.counters.listeners.store(queues.len() as u64, Relaxed);
    }

    /// Sends what has come since the last call, through `gate` where speech is muted. A browser that does not take it loses
    /// it.
    pub(super) fn send(&self, sound: &mut TeeReader, gate: &mut SpeechGate) {
        let (mut piece, mut passed) = (Vec::new(), Vec::new());
        let mutes = self.privacy.mutes();
        let mut queues = self.lock();
        while let Some((info, samples)) = sound.read() {
            let factor = info.rate_hz.div_ceil(MOST_HZ).max(1);
            if self.rate_hz.swap(info.rate_hz / factor, Relaxed) != info.rate_hz / factor {
                // The browsers begin anew at another rate.
                queues.clear();
                piece.clear();
            }
            if queues.is_empty() || !mutes {
                gate.reset();
            }
            if queues.is_empty() {
                continue;
            }
            if mutes {
                passed.clear();
                gate.pass(info.rate_hz, samples, factor as usize, &mut passed);
                encode(&passed, factor as usize, &mut piece);
            } else {
                encode(samples, factor as usize, &mut piece);
            }
        }
        self.privacy.set_live(gate.is_muted());
        let piece = Bytes::from(piece);
        queues.retain(|queue| match queue.try_send(piece.clone()) {
            _ if piece.is_empty() => !queue.is_closed(),
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.counters.lost_events.fetch_add(1, Relaxed);
                true
            }
            Err(TrySendError::Closed(_)) => false,
        });
        self.count(&queues);
    }

    /// Ends all streams.
    pub(super) fn close(&self) {
        self.lock().clear();
        self.count(&[]);
        self.privacy.set_live(false);
    }
}

/// Appends samples as 16 bits, the low byte first: one for each `factor` samples.
fn encode(samples: &[f32], factor: usize, piece: &mut Vec<u8>) {
    for some in samples.chunks_exact(factor) {
        let mean = some.iter().sum::<f32>() / factor as f32;
        // A cast saturates.
        piece.extend_from_slice(&((mean * 32_767.0) as i16).to_le_bytes());
    }
}

/// Answers with the sound from now on: mono, 16 bits, the low byte first, at the rate of the header `X-Sample-Rate`.
pub(super) async fn listen(State(shared): State<Arc<Shared>>) -> Response {
    let rate_hz = shared.listeners.rate_hz.load(Relaxed);
    if !shared.config.live_sound || rate_hz == 0 {
        return access::refuse(
            &shared,
            StatusCode::NOT_FOUND,
            "there is no live sound here; set page.live_sound = true and restart",
        );
    }
    let Some(pieces) = shared.listeners.join() else {
        return access::refuse(
            &shared,
            StatusCode::SERVICE_UNAVAILABLE,
            "others listen already, and no more can; stop one of them",
        );
    };
    let mut found = answer::of("application/octet-stream", Body::new(Messages::new(pieces)));
    found.headers_mut().insert("x-sample-rate", rate_hz.into());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::wav_writer::WavFormat;
    use crate::reporting::audio_tee::{BlockInfo, tee};
    use crate::reporting::{PrivacyConfig, Speech};

    #[test]
    fn sound_of_a_high_rate_is_averaged_down_and_a_slow_listener_loses_it_alone() {
        let counters = Arc::<PageCounters>::default();
        let privacy = Privacy::default();
        privacy.set(&PrivacyConfig { speech: Speech::Keep });
        let listeners = Listeners::new(Arc::clone(&counters), privacy);
        let gate = &mut SpeechGate::default();
        let (mut writer, mut reader) = tee(0);
        let info = BlockInfo { rate_hz: 96_000, lost_before: 0, non_finite: 0, format: WavFormat::F32 };
        writer.push(info, &[0.5; 4]);
        listeners.send(&mut reader, gate);
        assert_eq!(listeners.rate_hz.load(Relaxed), 48_000);
        let mut heard = listeners.join().unwrap();
        writer.push(info, &[0.0, 1.0, -2.0, -2.0]);
        listeners.send(&mut reader, gate);
        assert_eq!(heard.try_recv().unwrap(), [&16_383i16.to_le_bytes()[..], &i16::MIN.to_le_bytes()].concat());
        for _ in 0..QUEUE + 2 {
            writer.push(info, &[0.0; 2]);
            listeners.send(&mut reader, gate);
        }
        assert_eq!((counters.lost_events.load(Relaxed), counters.listeners.load(Relaxed)), (2, 1));
        // At another rate the stream ends, and the browser begins anew.
        writer.push(BlockInfo { rate_hz: 16_000, ..info }, &[0.0; 2]);
        listeners.send(&mut reader, gate);
        (0..QUEUE).for_each(|_| drop(heard.try_recv().unwrap()));
        assert!(heard.try_recv().is_err() && heard.is_closed());
        assert_eq!((0..MOST + 1).filter_map(|_| listeners.join()).collect::<Vec<_>>().len(), MOST);
    }
}
