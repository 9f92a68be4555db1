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

#[derive(Clone, Properties, PartialEq)]
pub(super) struct StatProps {
    /// What the figure is.
    pub(super) label: &'static str,
    /// The figure, in plain digits.
    pub(super) value: AttrValue,
    /// Its unit.
    #[prop_or_default]
    pub(super) unit: Option<&'static str>,
    /// The name for tests.
    pub(super) test: &'static str,
}

/// A figure.
#[component]
pub(super) fn Stat(props: &StatProps) -> Html {
    html! {
        <div class="stat">
            <dt>{ props.label }</dt>
            <dd>
                <span class="figure" data-test={props.test}>{ props.value.clone() }</span>
                if let Some(unit) = props.unit { <span class="unit">{ unit }</span> }
            </dd>
        </div>
    }
}
