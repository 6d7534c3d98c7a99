//! The files of a page: those that all pages share, and its own.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::palette;
use monitor_page_assets::{FILES, File, content_type};

use super::answer;

/// The addresses of a page with its `own` files, of which `index.html` is the page itself.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(own: &'static [File]) -> Router<S> {
    Router::new()
        .route("/", get(move || async move { found(own, "index.html") }))
        .route("/assets/palette.js", get(|| async { answer::of("text/javascript; charset=utf-8", palette::script()) }))
        .route("/assets/{name}", get(move |Path(name): Path<String>| async move { found(own, &name) }))
}

/// The file of this name; a page's own one before a shared one.
fn found(own: &'static [File], name: &str) -> Response {
    let file = own.iter().chain(&FILES).find(|file| file.name == name);
    match file.and_then(|file| Some((file, content_type(file.name)?))) {
        Some((file, content_type)) => answer::of(content_type, file.content),
        None => answer::error(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}
