//! The Tabchain page: it renders what the node tells it and sends what the person asks. No consensus code runs on its
//! thread.
//!
//! Two programs: the shell (binary and feature `app`), which is all that a first block needs, and the [`pages`]
//! (binary and feature `pages`), which it loads and talks to over [`link`]. What can be decided without a browser is
//! pure and tested natively ([`state`], [`chain`], [`route`], [`text`], [`tools`], [`window`]); [`browser`] is the
//! page's only way to its browser, [`node`] its only way to its node.
//!
//! # Names for tests
//!
//! Elements carry a stable `data-test` attribute; tests/README.md lists the names. Identifiers and hashes are whole in
//! `textContent`; figures are plain digits, their units outside of the element. What the node has not told yet has
//! no name.

pub mod app;
pub mod browser;
pub mod chain;
pub mod components;
pub mod feed;
pub mod l10n;
pub mod language;
pub mod link;
pub mod node;
pub mod pages;
pub mod route;
pub mod state;
pub mod text;
pub mod tools;
pub mod window;

use app::{App, AppProps, StartProp};
use components::{PAGES_ID, PAGES_STALE};
use pages::{LinkProp, Pages, PagesProps};

/// Shows the page in the document's element `app`, or in its body, with nodes from `start`.
pub fn run(start: node::Start) {
    let props = AppProps { start: StartProp(start) };
    let root = web_sys::window().and_then(|window| window.document()?.get_element_by_id("app"));
    match root {
        Some(root) => yew::Renderer::<App>::with_root_and_props(root, props).render(),
        None => yew::Renderer::<App>::with_props(props).render(),
    };
    browser::set_theme(browser::theme().as_deref());
}

/// Draws the pages into their place in the shell.
pub fn run_pages(link: link::Link, tools: tools::Tools) {
    let root = web_sys::window().and_then(|window| window.document()?.get_element_by_id(PAGES_ID));
    if let Some(root) = root {
        take_first_number();
        let props = PagesProps { link: LinkProp(link), tools };
        yew::Renderer::<Pages>::with_root_and_props(root, props).render();
    }
}

/// Yew numbers the roots of a program from 1, and tells by the number whose an event is. Both programs' would be 1, and the
/// shell, around the pages, would answer a click on a page by whatever of its own has that listener's number. So the
/// pages' first number goes to a root that nobody sees; the shell has no other than its first.
fn take_first_number() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(nowhere) = document.and_then(|document| document.create_element("div").ok()) {
        yew::Renderer::<Nothing>::with_root(nowhere).render();
    }
}

#[yew::component]
fn Nothing() -> yew::Html {
    yew::Html::default()
}

/// Tells the shell that the server has another build by now.
pub fn pages_are_stale() {
    browser::announce(PAGES_STALE);
}
