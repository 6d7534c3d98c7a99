//! `GET api/live`: what happens, as server-sent events.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use tokio::sync::mpsc::Receiver;

use super::hub::encode;
use super::shared::Shared;
use super::{access, answer};

/// The messages for one browser as the body of an answer.
struct Messages(Receiver<Bytes>);

impl HttpBody for Messages {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|message| message.map(|message| Ok(http_body::Frame::data(message))))
    }
}

/// Answers with the state now, and then with everything that follows; with `?columns` the spectrogram as well.
pub(super) async fn live(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let first = [Bytes::from_static(b"retry: 2000\n\n"), encode("now", &shared.now_json().to_string())];
    let Some(messages) = shared.hub.follow(uri.query() == Some("columns"), first) else {
        return access::refuse(&shared, StatusCode::SERVICE_UNAVAILABLE, "too many browsers follow already");
    };
    let mut answer = answer::of("text/event-stream", Body::new(Messages(messages)));
    // nginx passes messages on at once with it.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
