//! From bytes to frames, with counts of lost and damaged ones.

use monitor_wire::{Damage, Decoder, Frame, LARGEST_FRAME};

/// Quality of a serial line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Frames received intact.
    pub frames: u64,
    /// Frames missing from the sequence.
    pub lost: u64,
    /// Parts of the stream that are not a frame.
    pub damaged: u64,
}

/// The receiver of a serial line.
#[derive(Debug)]
pub struct Link {
    buffer: Vec<u8>,
    /// Bytes since the last end of frame.
    rest: Vec<u8>,
    last: Option<u32>,
    counts: Counts,
    /// Whether an end of frame has arrived: bytes before it are the rest of a frame whose beginning was missed.
    synchronised: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            buffer: vec![0; LARGEST_FRAME],
            rest: Vec::new(),
            last: None,
            counts: Counts::default(),
            synchronised: false,
        }
    }
}

impl Link {
    /// Processes bytes in parts of any size; passes on each frame with the number of frames lost before it, and each damage.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Result<(Frame<'_>, u64), Damage>)) {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == 0) else {
            // Bounds the memory of a stream without an end of frame.
            if self.rest.len() > LARGEST_FRAME {
                self.rest.drain(..self.rest.len() - LARGEST_FRAME);
            }
            return;
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        let Self { buffer, last, counts, synchronised, .. } = self;
        let mut decoder = Decoder::new(buffer);
        decoder.push(&whole, |decoded| match decoded {
            Ok(frame) => {
                counts.frames += 1;
                let lost = lost_before(*last, frame.sequence);
                counts.lost += lost;
                *last = Some(frame.sequence);
                *synchronised = true;
                each(Ok((frame, lost)));
            }
            Err(_) if !*synchronised => *synchronised = true,
            Err(damage) => {
                counts.damaged += 1;
                each(Err(damage));
            }
        });
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

/// Number of frames missing between two sequence numbers. A repeated hello has the number of the frame after it, and a
/// restarted device begins at 0: neither is a loss.
fn lost_before(last: Option<u32>, sequence: u32) -> u64 {
    let Some(last) = last else { return 0 };
    let ahead = sequence.wrapping_sub(last.wrapping_add(1));
    if ahead < 1 << 31 { ahead.into() } else { 0 }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Gap, Message, encode};

    use super::*;

    fn frame(sequence: u32) -> Vec<u8> {
        let message = Message::Gap(Gap { index: 0, lost_frames: 1 });
        encode(&mut [0; 64], sequence, 0, &message).unwrap().to_vec()
    }

    fn counts(streams: &[&[u8]]) -> Counts {
        let mut link = Link::default();
        for stream in streams {
            link.push(stream, |_| {});
        }
        link.counts()
    }

    #[test]
    fn a_jump_in_the_sequence_is_a_loss() {
        let (one, four) = (frame(1), frame(4));
        assert_eq!(counts(&[&one, &four]), Counts { frames: 2, lost: 2, damaged: 0 });
    }

    #[test]
    fn a_sequence_that_wraps_repeats_or_begins_anew_is_none() {
        assert_eq!(lost_before(Some(u32::MAX), 0), 0);
        assert_eq!(lost_before(Some(u32::MAX), 1), 1);
        assert_eq!(lost_before(Some(7), 7), 0);
        assert_eq!(lost_before(Some(70_000), 0), 0);
    }

    #[test]
    fn garbage_between_frames_is_counted_and_later_frames_are_received() {
        let mut stream = frame(1);
        stream.extend([1, 2, 3, 200, 0]);
        stream.extend(frame(2));
        assert_eq!(counts(&[&stream]), Counts { frames: 2, lost: 0, damaged: 1 });
    }

    #[test]
    fn starting_in_the_middle_of_a_frame_is_no_damage() {
        let stream = [&frame(1)[3..], &frame(2)].concat();
        assert_eq!(counts(&[&stream]), Counts { frames: 1, lost: 0, damaged: 0 });
    }

    #[test]
    fn frames_may_arrive_byte_by_byte() {
        let stream = [frame(1), frame(2)].concat();
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(counts(&bytes).frames, 2);
    }

    #[test]
    fn a_stream_without_an_end_of_frame_takes_the_memory_of_one_frame() {
        let mut link = Link::default();
        for _ in 0..100 {
            link.push(&[1; 4096], |_| {});
        }
        assert!(link.rest.len() <= LARGEST_FRAME);
    }
}
