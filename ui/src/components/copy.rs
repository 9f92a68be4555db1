//! A button that copies a text and says whether it did.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::browser;

/// How long the button shows its result.
const SHOWN_MS: u32 = 1_500;

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct CopyProps {
    /// What is copied; `None` until it is known.
    pub(crate) text: Option<AttrValue>,
    /// What it is, for the button's name: "Copy link".
    pub(crate) what: &'static str,
    /// The name for tests.
    pub(crate) test: &'static str,
}

/// Copies a text.
#[component]
pub(crate) fn CopyButton(props: &CopyProps) -> Html {
    let result = use_state(|| None::<bool>);
    let onclick = {
        let (text, result) = (props.text.as_deref().unwrap_or_default().to_owned(), result.clone());
        Callback::from(move |_: MouseEvent| {
            let (text, result) = (text.clone(), result.clone());
            wasm_bindgen_futures::spawn_local(async move {
                result.set(Some(browser::copy(text).await));
                Timeout::new(SHOWN_MS, move || result.set(None)).forget();
            });
        })
    };
    let label = match *result {
        None => format!("Copy {}", props.what),
        Some(true) => "Copied".to_owned(),
        Some(false) => "Not copied".to_owned(),
    };
    html! {
        <button type="button" class="button small" data-test={props.test} disabled={props.text.is_none()} {onclick}>
            <span aria-live="polite">{ label }</span>
        </button>
    }
}
