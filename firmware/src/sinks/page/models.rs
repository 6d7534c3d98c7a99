//! `api/models`: the models of this device, an upload, and the way back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::access;
use super::answer;
use super::settings::perform;
use super::shared::Shared;
use crate::reporting::UploadedModel;

/// Largest model, in bytes: more than twice the largest that training writes. Only this address takes so much.
const MOST: usize = 16 << 20;

/// Time for its upload.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(120);

/// A request to use another model.
#[derive(Deserialize)]
struct Use {
    /// `file`, `a` or `b`.
    id: String,
}

/// `GET api/models`.
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    perform(&shared, |operator| operator.models()).await
}

/// `POST api/models/use`.
pub(super) async fn use_another(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let by = access::address(&parts.headers, parts.extensions.get::<access::Peer>()).to_string();
    match answer::read_json(&parts.headers, body).await {
        Ok(Use { id }) => perform(&shared, move |operator| operator.use_model(&id, &by)).await,
        Err(status) => access::refuse(&shared, status, "send the name of a model as JSON"),
    }
}

/// `POST api/models`: the body is the model; the header `X-Model-Signature` its signature, percent-encoded.
pub(super) async fn upload(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Ok(_one) = shared.uploading.try_acquire() else {
        return access::refuse(
            &shared,
            StatusCode::CONFLICT,
            "another model is being uploaded; wait until that is done",
        );
    };
    let (parts, body) = request.into_parts();
    let by = access::address(&parts.headers, parts.extensions.get::<access::Peer>()).to_string();
    let Ok(signature) = signature(&parts.headers) else {
        let why = "the signature cannot be read; choose the .minisig file that `host-tools sign` has written";
        return access::refuse(&shared, StatusCode::BAD_REQUEST, why);
    };
    let model = match tokio::time::timeout(UPLOAD_TIMEOUT, to_bytes(body, MOST)).await {
        Ok(Ok(model)) => Vec::from(model),
        Ok(Err(_)) => return access::refuse(&shared, StatusCode::PAYLOAD_TOO_LARGE, "a model has at most 16 MiB"),
        Err(_) => {
            let why = "the upload took longer than two minutes; try again over a faster connection";
            return access::refuse(&shared, StatusCode::REQUEST_TIMEOUT, why);
        }
    };
    perform(&shared, move |operator| operator.install_model(UploadedModel { model, signature }, &by)).await
}

/// The signature of a request.
fn signature(headers: &HeaderMap) -> Result<Option<String>, ()> {
    let Some(value) = headers.get("x-model-signature") else { return Ok(None) };
    let mut text = Vec::new();
    let mut bytes = value.as_bytes().iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            text.push(*byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(*digit).to_digit(16)).ok_or(());
        let (high, low) = (digit()?, digit()?);
        text.push((high * 16 + low) as u8);
    }
    String::from_utf8(text).map(Some).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_decoded_or_refused() {
        let of = |text: &'static str| {
            signature(&HeaderMap::from_iter([("x-model-signature".parse().unwrap(), text.parse().unwrap())]))
        };
        assert_eq!(of("untrusted%20comment%3A%0AR%C3%A4+/="), Ok(Some("untrusted comment:\nRä+/=".into())));
        assert!(["%", "%2", "%zz", "%ff"].iter().all(|text| of(text).is_err()));
        assert_eq!(signature(&HeaderMap::new()), Ok(None));
    }
}
