//! The newest samples, as many as there is room for.

/// A ring whose memory is there from the start.
#[derive(Debug)]
pub(in crate::sinks) struct Preroll {
    samples: Vec<f32>,
    /// Where the next sample goes.
    head: usize,
    len: usize,
}

impl Preroll {
    /// An empty one for `room` samples, at least one.
    pub(in crate::sinks) fn new(room: usize) -> Self {
        Self { samples: vec![0.0; room.max(1)], head: 0, len: 0 }
    }

    /// Adds samples; the oldest make room.
    pub(in crate::sinks) fn push(&mut self, samples: &[f32]) {
        let room = self.samples.len();
        let newest = &samples[samples.len().saturating_sub(room)..];
        let (first, rest) = newest.split_at(newest.len().min(room - self.head));
        self.samples[self.head..][..first.len()].copy_from_slice(first);
        self.samples[..rest.len()].copy_from_slice(rest);
        self.head = (self.head + newest.len()) % room;
        self.len = (self.len + newest.len()).min(room);
    }

    /// Forgets all.
    pub(in crate::sinks) fn clear(&mut self) {
        self.len = 0;
    }

    /// The newest samples, `count` or as many as there are, in two parts.
    pub(in crate::sinks) fn newest(&self, count: usize) -> [&[f32]; 2] {
        let (room, count) = (self.samples.len(), count.min(self.len));
        if count <= self.head {
            [&self.samples[self.head - count..self.head], &[]]
        } else {
            [&self.samples[room - (count - self.head)..], &self.samples[..self.head]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_samples_come_out_in_order_whatever_the_pieces_are() {
        for room in 1..9 {
            for piece in 1..13 {
                let mut ring = Preroll::new(room);
                for start in 0..10 {
                    let samples: Vec<f32> = (start * piece..(start + 1) * piece).map(|n| n as f32).collect();
                    ring.push(&samples);
                    let end = (start + 1) * piece;
                    for count in 0..room + 3 {
                        let kept = count.min(room).min(end);
                        let expected: Vec<f32> = (end - kept..end).map(|n| n as f32).collect();
                        assert_eq!(ring.newest(count).concat(), expected, "room {room}, piece {piece}");
                    }
                }
                ring.clear();
                assert!(ring.newest(9).concat().is_empty());
            }
        }
    }
}
