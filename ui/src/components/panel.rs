//! A titled part of the page, and the figures in it.

use yew::prelude::*;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct PanelProps {
    /// The id of its title.
    pub(super) id: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// Beside the title: a count, a button.
    #[prop_or_default]
    pub(super) aside: Html,
    /// What is in it.
    pub(super) children: Html,
}

/// A part of the page.
#[component]
pub(super) fn Panel(props: &PanelProps) -> Html {
    html! {
        <section class="panel" aria-labelledby={props.id}>
            <header><h2 id={props.id}>{ props.title }</h2>{ props.aside.clone() }</header>
            { props.children.clone() }
        </section>
    }
}

/// A figure in plain digits, its unit (or none) and its name for tests.
pub(super) fn stat(label: &'static str, value: &str, unit: &'static str, test: &'static str) -> Html {
    html! {
        <div class="stat">
            <dt>{ label }</dt>
            <dd><span class="figure" data-test={test}>{ value.to_owned() }</span><span class="unit">{ unit }</span></dd>
        </div>
    }
}
