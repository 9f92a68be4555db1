//! The page's one clock: whatever shows an age is drawn again once a second, and nothing else is.

use gloo::timers::callback::Interval;
use yew::prelude::*;

use crate::{browser, text};

/// The time of the last tick, in Unix milliseconds.
#[derive(Clone, Copy, PartialEq)]
struct Clock(u64);

/// Children of the clock.
#[derive(Clone, Properties, PartialEq)]
pub struct ClockProps {
    /// What may show ages.
    pub children: Html,
}

/// Ticks for its children.
#[component]
pub fn ClockProvider(props: &ClockProps) -> Html {
    let clock = use_state(|| Clock(browser::now_ms()));
    {
        let clock = clock.clone();
        use_effect_with((), move |()| {
            let interval = Interval::new(1_000, move || clock.set(Clock(browser::now_ms())));
            move || drop(interval)
        });
    }
    html! { <ContextProvider<Clock> context={*clock}>{ props.children.clone() }</ContextProvider<Clock>> }
}

/// The time of the last tick, in Unix milliseconds.
///
/// # Panics
/// Outside of [`ClockProvider`], which is around the whole page.
#[hook]
pub(crate) fn use_now() -> u64 {
    use_context::<Clock>().expect("the root component provides the clock").0
}

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct AgeProps {
    /// Since when, in Unix milliseconds.
    pub(crate) since: u64,
}

/// How long ago something was.
#[component]
pub(crate) fn Age(props: &AgeProps) -> Html {
    let now = use_now();
    html! { <time title={browser::date_time(props.since)}>{ text::age(now, props.since) }</time> }
}
