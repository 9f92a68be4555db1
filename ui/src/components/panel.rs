//! A titled part of the page, and the figures in it.

use yew::prelude::*;

/// A part of the page: the id of its title, the title, what stands beside it, and what is in it.
pub(crate) fn panel(id: &'static str, title: &'static str, aside: Option<Html>, children: Html) -> Html {
    html! {
        <section class="panel" aria-labelledby={id}>
            <header><h2 {id}>{ title }</h2>{ aside }</header>
            { children }
        </section>
    }
}

/// A figure with its label, its unit (or none) and its name for tests, once there is something to test.
pub(crate) fn stat(label: &'static str, value: &str, unit: &str, test: Option<&'static str>) -> Html {
    html! {
        <div class="stat">
            <dt>{ label }</dt>
            <dd>{ figure(value, test) }<span class="unit">{ unit.to_owned() }</span></dd>
        </div>
    }
}

/// A whole number: plain digits in the document and the clipboard, from five on set in threes by style.
pub(crate) fn figure(value: &str, test: Option<&'static str>) -> Html {
    let grouped = value.len() > 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    html! {
        <span class="figure" data-test={test}>
            if grouped {
                { for value.as_bytes().rchunks(3).rev().map(|digits| html! { <i>{ String::from_utf8_lossy(digits).into_owned() }</i> }) }
            } else {
                { value.to_owned() }
            }
        </span>
    }
}
