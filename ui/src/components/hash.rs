//! Identifiers: whole in the document, in one run of text, so that copying and tests get all of it. The style sheet
//! shows them whole where a thing is described, and in lists in the one short form of [`crate::text::short`].

use yew::prelude::*;

use super::mark::mark;

/// The last characters stay in sight: people compare the ends.
const TAIL: usize = 6;

/// A hash, an id or an address, maybe with a name for tests.
pub(crate) fn hash(value: &str, test: Option<&'static str>) -> Html {
    let tail = value.get(value.len().saturating_sub(TAIL)..).unwrap_or_default();
    html! {
        <code class="hash" data-test={test} data-tail={tail.to_owned()} title={value.to_owned()}>
            <span>{ value.to_owned() }</span>
        </code>
    }
}

/// Someone with an address, as every list shows them: a face, and the address unless it is the own one.
pub(crate) fn party(address: &str, own: bool) -> Html {
    html! {
        <span class="who" title={address.to_owned()}>
            { mark(address) }
            if own { <b>{ "you" }</b> } else { { hash(address, None) } }
        </span>
    }
}
