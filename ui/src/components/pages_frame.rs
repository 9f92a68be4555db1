//! The place where the program of the pages draws, and the loading of it: when the first page is opened, or else once
//! the node is at work and the browser has nothing better to do.

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::CustomEvent;
use yew::prelude::*;

use crate::browser;

/// The id of the element that the pages draw into.
pub const PAGES_ID: &str = "pages";
/// Told by the pages' program when it has drawn.
pub const PAGES_READY: &str = "tabchain-pages-ready";
/// Told by the pages' program when it is of another build than the shell.
pub const PAGES_STALE: &str = "tabchain-pages-stale";
/// Told by `load.js`, with the reason, when the program cannot be loaded.
const PAGES_FAILED: &str = "tabchain-pages-failed";
/// How long after the node's first figures the program is loaded unasked, in milliseconds: the first block's own
/// downloads and compilations are over by then.
const LOAD_AFTER_MS: u32 = 2_500;

#[derive(Clone, Properties, PartialEq)]
pub struct PagesFrameProps {
    /// Whether a page is open.
    pub wanted: bool,
    /// Whether the node is at work.
    pub ready: bool,
}

/// How far the program is.
#[derive(Clone, PartialEq)]
enum Progress {
    Loading,
    Ready,
    Failed(String),
    /// The server has another build by now.
    Stale,
}

/// The frame.
#[component]
pub fn PagesFrame(props: &PagesFrameProps) -> Html {
    // How often it was tried to load the program.
    let tries = use_state(|| 0_u32);
    let progress = use_state_eq(|| Progress::Loading);
    {
        let progress = progress.clone();
        use_effect_with((), move |()| {
            let listen = |name: &'static str, told: fn(&Event) -> Progress| {
                let progress = progress.clone();
                web_sys::window()
                    .map(|window| EventListener::new(&window, name, move |event| progress.set(told(event))))
            };
            let listeners = [
                listen(PAGES_READY, |_| Progress::Ready),
                listen(PAGES_STALE, |_| Progress::Stale),
                listen(PAGES_FAILED, failure),
            ];
            move || drop(listeners)
        });
    }
    {
        let tries = tries.clone();
        use_effect_with((props.wanted, props.ready), move |&(wanted, ready)| {
            let untried = *tries == 0;
            let load = move || tries.set(1);
            let mut timer = None;
            if untried && wanted {
                load();
            } else if untried && ready {
                timer = Some(Timeout::new(LOAD_AFTER_MS, load));
            }
            move || drop(timer)
        });
    }
    use_effect_with(*tries, |&tries| {
        if tries > 0 {
            browser::load_script(&format!("load.js?try={tries}"));
        }
    });
    let again = {
        let progress = progress.clone();
        move |_: MouseEvent| {
            progress.set(Progress::Loading);
            tries.set(*tries + 1);
        }
    };
    html! {
        <>
            if props.wanted && *progress != Progress::Ready {
                <main class="loading-page">{ waiting(&progress, again.into()) }</main>
            }
            <div id={PAGES_ID} hidden={!props.wanted}></div>
        </>
    }
}

fn waiting(progress: &Progress, again: Callback<MouseEvent>) -> Html {
    let (said, why, label, onclick) = match progress {
        Progress::Loading | Progress::Ready => return html! { <p>{ "Loading." }</p> },
        Progress::Stale => (
            "There is a newer version of Tabchain. Reload to use it: your node starts again where it is.",
            "",
            "Reload",
            Callback::from(|_: MouseEvent| browser::reload()),
        ),
        Progress::Failed(why) => (
            "This page could not be loaded: the server that it comes from does not answer. Your node goes on.",
            why.as_str(),
            "Try again",
            again,
        ),
    };
    html! {
        <div class="empty" role="alert" data-test="pages-failed">
            <p>{ said }</p>
            if !why.is_empty() { <p class="note" lang="en">{ why.to_owned() }</p> }
            <div class="actions"><button type="button" class="button primary" {onclick}>{ label }</button></div>
        </div>
    }
}

fn failure(event: &Event) -> Progress {
    let why = event.dyn_ref::<CustomEvent>().and_then(|event| event.detail().as_string());
    Progress::Failed(why.unwrap_or_default())
}
