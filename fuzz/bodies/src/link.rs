//! The workstation's end of the serial line: after any bytes it is synchronised again at the second end of frame.

use host_tools::{Board, Link};
use monitor_wire::{Gap, Message, encode};

/// Feeds pieces of a stream, each preceded by its length in a byte; then two valid frames, of which the second must arrive.
pub fn read(bytes: &[u8]) {
    let (mut link, mut board) = (Link::default(), Board::new(1.0));
    let mut rest = bytes;
    while let [len, after @ ..] = rest {
        let (piece, after) = after.split_at(usize::from(*len).min(after.len()));
        feed(&mut link, &mut board, piece);
        rest = after;
    }
    let _ = board.cells(40);
    assert!(board.events.len() <= 100, "events are bounded");
    let before = link.counts();
    for sequence in [u32::MAX, 0] {
        let message = Message::Gap(Gap { index: 5, lost_frames: 1 });
        let mut buffer = [0; 64];
        feed(&mut link, &mut board, encode(&mut buffer, sequence, 1, &message).expect("it fits"));
    }
    assert!(link.counts().frames > before.frames, "not synchronised again");
}

fn feed(link: &mut Link, board: &mut Board, piece: &[u8]) {
    link.push(piece, |decoded| match decoded {
        Ok((frame, lost)) => board.frame(&frame, lost),
        Err(damage) => board.damage(damage),
    });
    board.counts = link.counts();
}
