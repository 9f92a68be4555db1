//! The wallet: what this node's key owns, where to be paid, and the way to pay.

use std::rc::Rc;

use node_wasm::api::{Status, TransactionView};
use yew::prelude::*;

use super::copy::CopyButton;
use super::hash::hash;
use super::mark::mark;
use super::panel::{Panel, stat};
use super::payments::payment_view;
use super::send_form::SendForm;
use crate::chain::Chain;
use crate::state::Action;

#[derive(Clone, Properties, PartialEq)]
pub struct WalletProps {
    /// The figures.
    pub status: Option<Rc<Status>>,
    /// Whose miners are suggested as recipients.
    pub chain: Rc<Chain>,
    /// The payments sent from this page.
    pub sent: Rc<Vec<TransactionView>>,
    /// To the state.
    pub dispatch: Callback<Action>,
}

/// The wallet.
#[component]
pub fn Wallet(props: &WalletProps) -> Html {
    let Some(status) = &props.status else {
        return html! { <Panel id="wallet" title="Wallet"><p class="empty">{ "Waiting for the node." }</p></Panel> };
    };
    let known = known(&props.chain, status);
    html! {
        <Panel id="wallet" title="Wallet">
            <dl class="stats">
                { stat("Balance", &status.balance, "tabs", "balance") }
                { stat("On its way out", &status.pending, "tabs", "pending") }
            </dl>
            <div class="identity">
                { mark(&status.address) }
                <div><span class="kicker">{ "Your address" }</span>
                    { hash(&status.address, Some("address")) }</div>
                <CopyButton text={status.address.clone()} what="address" test="copy-address" />
            </div>
            <SendForm {known} dispatch={props.dispatch.clone()} />
            if !props.sent.is_empty() {
                <h3>{ "Sent from here" }</h3>
                <ul class="payments" data-test="sent">
                    { for props.sent.iter().map(|payment| html! {
                        <li key={payment.id.clone()}>{ payment_view(payment, Some(&status.address)) }</li>
                    }) }
                </ul>
            }
        </Panel>
    }
}

/// The last blocks whose miners are suggested.
const BLOCKS_ASKED: usize = 24;

/// The addresses that won the last blocks, each once, the own one left out.
fn known(chain: &Chain, status: &Status) -> Vec<AttrValue> {
    let mut known: Vec<AttrValue> = Vec::new();
    for block in chain.down_from(status.height, BLOCKS_ASKED) {
        let miner = block.miner.as_str();
        if block.height > 0 && miner != status.address && known.iter().all(|other| other.as_str() != miner) {
            known.push(miner.to_owned().into());
        }
    }
    known
}
