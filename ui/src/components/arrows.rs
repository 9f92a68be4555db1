//! Lists of links are one stop of the Tab key: the arrow keys go from link to link.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Handles a key in a list whose rows begin with a link. Other lists keep the browser's own scrolling.
pub(super) fn arrows(event: KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => true,
        "ArrowLeft" | "ArrowUp" => false,
        _ => return,
    };
    let from: Element = event.target_unchecked_into();
    let next = match from.closest("a") {
        Ok(Some(link)) => link.parent_element().and_then(|row| {
            let next = if forward { row.next_element_sibling() } else { row.previous_element_sibling() };
            next?.first_element_child()
        }),
        Ok(None) | Err(_) => from.query_selector("a").ok().flatten(),
    };
    if let Some(next) = next {
        event.prevent_default();
        next.unchecked_into::<HtmlElement>().focus().ok();
    }
}
