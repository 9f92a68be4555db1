//! The Tabchain page: it renders what the node tells it and sends what the person asks. No consensus code runs here.
//!
//! What can be decided without a browser is pure and tested natively ([`state`], [`chain`], [`route`], [`text`],
//! [`window`]); [`browser`] is the page's only way to its browser, [`node`] its only way to its node. The binary
//! `app` (feature `app`, wasm only) starts the real node.
//!
//! # Names for tests
//!
//! Elements carry a stable `data-test` attribute; README.md lists the names. Identifiers and hashes are whole in
//! `textContent`; figures are plain digits, their units outside of the element. What the node has not told yet has
//! no name.

pub mod app;
pub mod browser;
pub mod chain;
pub mod components;
pub mod node;
pub mod route;
pub mod state;
pub mod text;
pub mod window;

use app::{App, AppProps, StartProp};

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
