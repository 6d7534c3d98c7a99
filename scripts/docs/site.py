"""Checks the site as it is published: every link of every page leads to a file and an element of the site."""

import html.parser
import os
import pathlib
from urllib.parse import unquote, urlsplit

# Attributes with an address.
ADDRESSES = ("href", "src")


class Page(html.parser.HTMLParser):
    """The addresses and the identifiers of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (name == "name" and tag == "a"):
                self.names.add(value)
            elif name in ADDRESSES and value:
                self.addresses.append(value)


def check(folder):
    """Messages about links that lead nowhere or need another server, and the number of links."""
    folder = pathlib.Path(folder)
    pages = {page.relative_to(folder).as_posix(): Page(page.read_text()) for page in sorted(folder.rglob("*.html"))}
    wrong, count = [], 0
    for name, page in pages.items():
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                # Links may lead elsewhere; what the page itself loads may not: it is read in plants without a network.
                continue
            count += 1
            at = unquote(parts.path)
            path = os.path.normpath(os.path.join(os.path.dirname(name), at)) if at and not at.startswith("/") else at.lstrip("/") or name
            if path not in pages and not (folder / path).is_file():
                wrong.append(f"{name}: {address}: there is no such file on the site")
            elif parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].names:
                wrong.append(f"{name}: {address}: {path} has no such element")
    if len(pages) < 20 or count < 1000:
        wrong.append(f"only {len(pages)} pages with {count} links were found: was the site built?")
    return wrong, count


def loaded_from_elsewhere(folder):
    """Scripts, styles and pictures that a page loads from another server."""

    class Loads(html.parser.HTMLParser):
        def __init__(self, text):
            super().__init__()
            self.found = []
            self.feed(text)

        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            address = given.get("src") if tag in ("script", "img", "iframe", "source") else given.get("href") if tag == "link" else None
            if address and urlsplit(address).netloc:
                self.found.append(address)

    pages = pathlib.Path(folder).rglob("*.html")
    return [f"{page}: loads {address}" for page in sorted(pages) for address in Loads(page.read_text()).found]
