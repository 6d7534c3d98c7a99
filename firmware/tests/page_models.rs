//! Models that are uploaded on the page of the real program.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::Path;

use common::model::loudness_model;
use common::page_client::PageClient;
use common::place::Place;
use common::sign::{generate, sign};
use serde_json::{Value, json};

const MODELS: &str = "/api/models";

/// A character of a header as `encodeURIComponent` writes it.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn upload(page: &PageClient, model: &[u8], signature: Option<&str>) -> (u16, Value) {
    let signature = signature.map(encoded);
    let headers: Vec<(&str, &str)> = signature.iter().map(|text| ("X-Model-Signature", text.as_str())).collect();
    page.post_bytes(MODELS, &headers, model)
}

/// Why an upload was refused.
fn refusal(answer: &(u16, Value)) -> &str {
    assert_eq!(answer.0, 422, "{answer:?}");
    answer.1["error"].as_str().unwrap()
}

/// A model with this name of its loud state, and its signature by a key.
fn signed(folder: &Path, loud: &str, key: &Path) -> (Vec<u8>, String) {
    let path = folder.join("other.tflite");
    let model = loudness_model("off_state", loud);
    std::fs::write(&path, &model).unwrap();
    sign(&path, key);
    (model, std::fs::read_to_string(folder.join("other.tflite.minisig")).unwrap())
}

/// The names of the models that are in use and were used before.
fn in_use(page: &PageClient) -> (String, Value) {
    let found = page.get(MODELS);
    let active = found["models"].as_array().unwrap().iter().find(|model| model["active"] == true).unwrap().clone();
    (active["id"].as_str().unwrap().into(), found["previous"].clone())
}

fn reports(page: &PageClient, state: &str) {
    page.program.wait(state, |program| program.reports("verdict").iter().any(|verdict| verdict["state"] == state));
}

#[test]
fn a_signed_model_is_tested_used_kept_over_a_restart_and_rolled_back() {
    let keys = tempfile::tempdir().unwrap();
    let (key, other_key) = (keys.path().join("key"), keys.path().join("other"));
    let (public, _) = (generate(&key), generate(&other_key));
    let page = PageClient::start(Place::new("", 60, 2.0), &format!("public_key = {public:?}\n"), "");
    assert_eq!(page.send("GET", MODELS, &[], b"").unwrap().0, 401);
    assert_eq!((page.forged(MODELS), page.forged("/api/models/use")), (403, 403));
    assert_eq!(in_use(&page), ("file".into(), Value::Null));
    let (model, signature) = signed(keys.path(), "moving", &key);
    let (_, foreign) = signed(keys.path(), "moving", &other_key);
    assert!(refusal(&upload(&page, &model, None)).contains("not signed"));
    assert!(refusal(&upload(&page, &model, Some("nonsense"))).contains("sign the model again"));
    assert!(refusal(&upload(&page, &model, Some(&foreign))).contains("not a signature of this model"));
    let mut changed = model.clone();
    changed[100] ^= 1;
    assert!(refusal(&upload(&page, &changed, Some(&signature))).contains("not a signature of this model"));
    // The connection may end before all of it is sent.
    let too_large = page.send("POST", MODELS, page.session(), &vec![0; 17 << 20]);
    assert!(too_large.is_none_or(|(status, ..)| status == 413));
    assert_eq!(in_use(&page), ("file".into(), Value::Null));
    page.program.wait("the audit line", |program| {
        program.stderr().contains("page: 127.0.0.1 uploaded the model ")
            && program.stderr().contains("which is not used: ")
    });
    let (status, answer) = upload(&page, &model, Some(&signature));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(page.reloaded(MODELS, 1), Value::Null);
    assert_eq!(in_use(&page), ("a".into(), json!("file")));
    reports(&page, "moving");
    // No folder of the self-test is left.
    assert!(!page.place.state().join("trial").exists());
    let page = page.restart();
    assert_eq!(in_use(&page), ("a".into(), json!("file")));
    reports(&page, "moving");
    // A second one goes into the other slot.
    let (second, its_signature) = signed(keys.path(), "running", &key);
    assert_eq!(upload(&page, &second, Some(&its_signature)).0, 200);
    assert_eq!(page.reloaded(MODELS, 1), Value::Null);
    assert_eq!(in_use(&page), ("b".into(), json!("a")));
    reports(&page, "running");
    assert_eq!(page.post("/api/models/use", &json!({ "id": "a" })).0, 200);
    assert_eq!(page.reloaded(MODELS, 2), Value::Null);
    assert_eq!(in_use(&page), ("a".into(), json!("b")));
    assert_eq!(page.post("/api/models/use", &json!({ "id": "file" })).0, 200);
    assert_eq!(page.reloaded(MODELS, 3), Value::Null);
    assert_eq!(page.post("/api/models/use", &json!({ "id": "c" })).0, 422);
    assert!(!page.place.state().join("page.toml").exists());
}

#[test]
fn a_model_that_does_not_run_or_fit_is_not_used_and_a_damaged_slot_does_not_stop_the_device() {
    let page = PageClient::start(Place::new("", 40, 2.0), "", "[alarm]\nstates = [\"on_state\"]\n");
    assert!(refusal(&upload(&page, &loudness_model("off_state", "on_state"), None)).contains("no key is there"));
    let stopped = page.stop();
    let path = stopped.place.path("monitor.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("[page]\n", "[page]\nuploads = \"any\"\n");
    std::fs::write(&path, text).unwrap();
    let page = stopped.resume();
    for (bytes, why) in [
        (b"no model".to_vec(), "the self-test fails"),
        (Vec::new(), "the self-test fails"),
        (loudness_model("off_state", "moving"), "which the model does not have"),
    ] {
        let answer = upload(&page, &bytes, None);
        assert!(refusal(&answer).contains(why), "{answer:?}");
    }
    assert_eq!(in_use(&page).0, "file");
    assert_eq!(upload(&page, &loudness_model("other", "on_state"), None).0, 200);
    assert_eq!(page.reloaded(MODELS, 1), Value::Null);
    let slot = page.place.state().join("monitor/a/sound_classifier.tflite");
    let mut bytes = std::fs::read(&slot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&slot, bytes).unwrap();
    let page = page.restart();
    reports(&page, "on_state");
    assert!(page.program.stderr().contains("the changes of the page are left out"));
    let found = page.get(MODELS);
    assert!(found["damaged"][0].as_str().unwrap().contains("the card is damaged"), "{found}");
    assert_eq!(page.post("/api/models/use", &json!({ "id": "a" })).0, 422);
    assert_eq!(page.post("/api/models/use", &json!({ "id": "file" })).0, 200);
}
