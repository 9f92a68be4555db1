//! Identifiers: whole in the document, shortened in the middle by style, so that copying and tests get all of it.

use yew::prelude::*;

/// The last characters stay in sight: people compare the ends.
const TAIL: usize = 6;

/// A hash, an id or an address, maybe with a name for tests.
pub(super) fn hash(value: &str, test: Option<&'static str>) -> Html {
    let (head, tail) = value.split_at_checked(value.len().saturating_sub(TAIL)).unwrap_or((value, ""));
    html! {
        <code class="hash" data-test={test} title={value.to_owned()}>
            <span>{ head.to_owned() }</span><span>{ tail.to_owned() }</span>
        </code>
    }
}
