//! Files that the page of the device and the pages of the workstation have in common: the look, marks of states and zones, the
//! spectrogram of a sound, texts by language. Written by hand; nothing is loaded from elsewhere.
//!
//! A page adds its own `index.html`, `main.js`, the texts `en.js` and `de.js`, and `palette.js` with the colours.
#![no_std]
#![forbid(unsafe_code)]

/// A file of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder `assets` of the page.
    pub name: &'static str,
    /// Its content, in UTF-8.
    pub content: &'static str,
}

/// All files, in the order of their names.
pub const FILES: [File; 6] = [
    File { name: "dom.js", content: include_str!("../assets/dom.js") },
    File { name: "icon.svg", content: include_str!("../assets/icon.svg") },
    File { name: "marks.js", content: include_str!("../assets/marks.js") },
    File { name: "picture.js", content: include_str!("../assets/picture.js") },
    File { name: "style.css", content: include_str!("../assets/style.css") },
    File { name: "words.js", content: include_str!("../assets/words.js") },
];

/// The type of a file by the end of its name, as the header `Content-Type` has it; `None` if pages have no such files.
#[must_use]
pub fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_and_content_and_the_names_are_in_order() {
        assert!(FILES.iter().all(|file| content_type(file.name).is_some() && !file.content.is_empty()));
        assert!(FILES.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert_eq!((content_type("a.wasm"), content_type("js")), (None, None));
    }

    #[test]
    fn no_file_loads_anything_from_elsewhere() {
        for file in FILES {
            let links = file.content.match_indices("http").map(|(at, _)| &file.content[at..]);
            // The only address is the name of SVG's vocabulary, which is never loaded.
            assert!(links.into_iter().all(|link| link.starts_with("http://www.w3.org/2000/svg")), "{}", file.name);
        }
    }
}
