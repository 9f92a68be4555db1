//! A list of any length with only the rows near the view in the document.

use std::ops::Range;

use web_sys::HtmlElement;
use yew::prelude::*;

use super::arrows::arrows;
use crate::window;

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct WindowedProps {
    /// The name for tests.
    pub(crate) test: &'static str,
    /// What the list is.
    pub(crate) label: &'static str,
    /// How many rows there are.
    pub(crate) total: usize,
    /// The height of each, in CSS pixels; the style sheet has the same.
    pub(crate) row_height: i32,
    /// Draws a row, as an element with `role="listitem"`.
    pub(crate) row: Callback<usize, Html>,
    /// Told which rows came into sight.
    #[prop_or_default]
    pub(crate) shown: Callback<Range<usize>>,
}

/// A scrolling list. Rows grow at its top: a list that was scrolled stays where it was.
#[component]
pub(crate) fn Windowed(props: &WindowedProps) -> Html {
    let view = use_node_ref();
    let rows = use_node_ref();
    let place = use_state_eq(|| (0, 0));
    let measure = {
        let (view, place) = (view.clone(), place.clone());
        move || {
            if let Some(view) = view.cast::<HtmlElement>() {
                place.set((view.scroll_top(), view.client_height()));
            }
        }
    };
    let range = window::visible(place.0, place.1, props.row_height, props.total);
    {
        let (view, rows, measure) = (view.clone(), rows.clone(), measure.clone());
        let last_total = use_mut_ref(|| props.total);
        let row_height = props.row_height;
        use_effect_with((props.total, range.start), move |&(total, start)| {
            // Through the object model: the page's policy forbids styles in attributes.
            if let Some(rows) = rows.cast::<HtmlElement>() {
                let style = rows.style();
                style.set_property("height", &format!("{}px", pixels(total, row_height))).ok();
                style.set_property("padding-top", &format!("{}px", pixels(start, row_height))).ok();
            }
            let grown = total.saturating_sub(last_total.replace(total));
            if let Some(view) = view.cast::<HtmlElement>()
                && view.scroll_top() > row_height
            {
                view.set_scroll_top(view.scroll_top().saturating_add(pixels(grown, row_height)));
            }
            measure();
        });
    }
    {
        let shown = props.shown.clone();
        use_effect_with(range.clone(), move |range| shown.emit(range.clone()));
    }
    let onscroll = move |_: Event| measure();
    html! {
        <div ref={view} class="windowed" data-test={props.test} role="group" aria-label={props.label} tabindex="0" {onscroll} onkeydown={arrows}>
            <div ref={rows} class="rows" role="list" aria-label={props.label}>
                { for range.map(|index| props.row.emit(index)) }
            </div>
        </div>
    }
}

/// The height of so many rows; browsers hold no higher element than an `i32` of pixels.
fn pixels(rows: usize, row_height: i32) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX).saturating_mul(row_height)
}
