//! A refit that is started on the page of the real program, and the way back.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/carried.rs"]
mod carried;
mod common;

use common::model::write_wav;
use common::page_client::PageClient;
use common::place::Place;
use serde_json::json;

/// The state of the newest window.
fn last_state(page: &PageClient) -> Option<String> {
    page.program.reports("verdict").last()?["state"].as_str().map(str::to_owned)
}

#[test]
fn labels_of_the_page_make_a_new_state_and_a_click_takes_it_back() {
    let place = Place::new("", 1, 0.5);
    std::fs::write(place.model(), carried::model()).unwrap();
    // A sound that the model does not have.
    write_wav(&place.wav(), &carried::clip(2, 91, 120.0));
    let folder = place.path("teach");
    std::fs::create_dir(&folder).unwrap();
    let page = PageClient::start(place, "", &format!("[teach]\nfolder = {folder:?}\n"));
    // Nobody without the session's token.
    for path in ["/api/refit", "/api/refit/version", "/api/refit/back"] {
        assert_eq!(page.forged(path), 403, "{path}");
    }
    let rows = carried::clips(&folder, 2, 20..25, "whine", "");
    std::fs::write(folder.join("manifest.csv"), format!("file,label,condition\n{rows}")).unwrap();
    assert_eq!(page.post("/api/refit", &json!({})).0, 200);
    let state = page.wait_for("/api/refit", |state| state["step"].is_null());
    assert_eq!(state["report"]["accepted"], json!(true), "{state}");
    assert_eq!(state["report"]["new_labels"], json!(["whine"]));
    let version = &state["versions"][0];
    assert_eq!((&version["number"], &version["active"], &version["usable"]), (&json!(1), &json!(true), &json!(true)));
    page.program.wait("the new state", |_| last_state(&page).as_deref() == Some("whine"));
    // Back, and forth by its number; a number that there is not is refused.
    assert_eq!(page.post("/api/refit/back", &json!({})).0, 200);
    page.program.wait("a state of the model", |_| last_state(&page).is_some_and(|state| state != "whine"));
    assert_eq!(page.post("/api/refit/version", &json!({ "number": 7 })).0, 400);
    assert_eq!(page.post("/api/refit/version", &json!({ "number": 1 })).0, 200);
    page.program.wait("the new state again", |_| last_state(&page).as_deref() == Some("whine"));
}
