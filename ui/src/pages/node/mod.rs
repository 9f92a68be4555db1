//! This node: who it is, where its chain stands and is kept, what can be asked of it, and its log.

mod actions;
mod log;

use node_wasm::api::{Status, Verifying};
use yew::prelude::*;

use crate::components::hash::hash;
use crate::components::panel::{figure, panel};
use crate::state::{Action, State};
use crate::text;

use actions::Actions;
use log::Log;

/// The page.
pub(super) fn page(state: &State, dispatch: &Callback<Action>) -> Html {
    html! {
        <>
            { node_panel(state.status.as_deref(), state.checking, dispatch) }
            <Log lines={state.log.clone()} />
        </>
    }
}

fn node_panel(status: Option<&Status>, checking: Option<Verifying>, dispatch: &Callback<Action>) -> Html {
    // Before the node has started the facts keep their places, without names for tests.
    let told = |read: fn(&Status) -> String| status.map_or_else(|| text::UNKNOWN.to_owned(), read);
    let test = |name: &'static str| status.map(|_| name);
    let row = |label: &'static str, value: Html| html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> };
    let id = |label, read, name| row(label, hash(&told(read), test(name)));
    let fact = |label, read, name, unit: &'static str| {
        let value = html! { <>{ figure(&told(read), test(name)) }<span class="unit">{ unit }</span></> };
        row(label, value)
    };
    let children = html! {
        <>
            <dl class="facts">
                { id("Id", |status| status.node_id.clone(), "node-id") }
                { id("Tip", |status| status.tip.clone(), "tip-hash") }
                { id("Genesis", |status| status.genesis.clone(), "genesis-hash") }
                { fact("Work", |status| status.work.clone(), "work", "hashes") }
                { fact("Next nonce", |status| status.nonce.to_string(), "nonce", "the number of your next payment") }
                { fact("Slot", |status| status.slot.to_string(), "slot", "among this browser's tabs in the room") }
                { fact("Kept", |status| text::storage(status.storage).to_owned(), "storage", "") }
                { fact("Version", |status| status.version.clone(), "version", "") }
            </dl>
            <Actions dispatch={dispatch.clone()} height={status.map_or(0, |status| status.height)} {checking} />
        </>
    };
    panel("node", "This node", None, children)
}
