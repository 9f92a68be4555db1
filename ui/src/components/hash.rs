//! Identifiers: whole in the document, shortened in the middle by style, so that copying and tests get all of it.

use yew::prelude::*;

/// The last characters stay in sight: people compare the ends.
const TAIL: usize = 6;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct HashProps {
    /// The identifier.
    pub(super) value: AttrValue,
    /// The name for tests.
    #[prop_or_default]
    pub(super) test: Option<&'static str>,
}

/// A hash, an id or an address.
#[component]
pub(super) fn Hash(props: &HashProps) -> Html {
    let value = props.value.as_str();
    let (head, tail) = value.split_at_checked(value.len().saturating_sub(TAIL)).unwrap_or((value, ""));
    html! {
        <code class="hash" data-test={props.test} title={props.value.clone()}>
            <span>{ head.to_owned() }</span><span>{ tail.to_owned() }</span>
        </code>
    }
}
