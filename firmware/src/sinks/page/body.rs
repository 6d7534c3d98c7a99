//! Bodies of answers that come piece by piece.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use tokio::sync::mpsc::Receiver;

/// The pieces of a queue, until its other end is dropped.
pub(super) struct Messages(Receiver<Bytes>);

impl Messages {
    pub(super) fn new(pieces: Receiver<Bytes>) -> Self {
        Self(pieces)
    }
}

impl HttpBody for Messages {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(http_body::Frame::data(piece))))
    }
}
