//! This node: who it is, where its chain stands and is kept, and what can be asked of it.

use std::rc::Rc;

use node_wasm::api::Status;
use yew::prelude::*;

use super::actions::Actions;
use super::hash::hash;
use super::panel::Panel;
use crate::state::Action;
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct NodePanelProps {
    /// The figures.
    pub status: Option<Rc<Status>>,
    /// To the state.
    pub dispatch: Callback<Action>,
}

/// The node.
#[component]
pub fn NodePanel(props: &NodePanelProps) -> Html {
    let Some(status) = &props.status else {
        return html! { <Panel id="node" title="This node"><p class="empty">{ "Waiting for the node." }</p></Panel> };
    };
    let hash = |label: &'static str, value: &str, test: &'static str| {
        html! { <div><dt>{ label }</dt><dd>{ hash(value, Some(test)) }</dd></div> }
    };
    let fact = |label: &'static str, value: String, test: &'static str| {
        html! { <div><dt>{ label }</dt><dd data-test={test}>{ value }</dd></div> }
    };
    html! {
        <Panel id="node" title="This node">
            <dl class="facts">
                { hash("Id", &status.node_id, "node-id") }
                { hash("Tip", &status.tip, "tip-hash") }
                { hash("Genesis", &status.genesis, "genesis-hash") }
                { fact("Work", status.work.clone(), "work") }
                { fact("Payments", status.nonce.to_string(), "nonce") }
                { fact("Slot", status.slot.to_string(), "slot") }
                { fact("Kept", text::storage(status.storage).to_owned(), "storage") }
                { fact("Version", status.version.clone(), "version") }
            </dl>
            <Actions dispatch={props.dispatch.clone()} room={status.room.clone()} height={status.height} />
        </Panel>
    }
}
