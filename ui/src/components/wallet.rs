//! The wallet: what this node's key owns, where to be paid, and the way to pay.

use std::rc::Rc;

use node_wasm::api::Status;
use yew::prelude::*;

use super::copy::CopyButton;
use super::hash::hash;
use super::mark::mark;
use super::panel::{panel, stat};
use super::payments::payment_view;
use super::send_form::SendForm;
use crate::chain::Chain;
use crate::state::{Action, Sent};
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct WalletProps {
    /// The figures.
    pub status: Option<Rc<Status>>,
    /// Whose miners are suggested as recipients.
    pub chain: Rc<Chain>,
    /// The payments sent from this page.
    pub sent: Rc<Vec<Sent>>,
    /// To the state.
    pub dispatch: Callback<Action>,
}

/// The wallet.
#[component]
pub fn Wallet(props: &WalletProps) -> Html {
    let status = props.status.as_deref();
    let told = |read: fn(&Status) -> &str| status.map_or(text::UNKNOWN, read);
    let test = |name: &'static str| status.map(|_| name);
    let (balance, pending) = (told(|status| &status.balance), told(|status| &status.pending));
    let address = told(|status| &status.address);
    let children = html! {
        <>
            <dl class="stats">
                { stat("Balance", balance, &text::plural(balance, "tab"), test("balance")) }
                { stat("On its way out", pending, &text::plural(pending, "tab"), test("pending")) }
            </dl>
            <div class="identity">
                { mark(address) }
                <div><span class="kicker">{ "Your address" }</span>
                    { hash(address, test("address")) }</div>
                <CopyButton text={status.map(|status| status.address.clone())} what="address" test="copy-address" />
            </div>
            <SendForm known={status.map(|status| known(&props.chain, status)).unwrap_or_default()} dispatch={props.dispatch.clone()} />
            if !props.sent.is_empty() {
                <h3>{ "Sent from here" }</h3>
                <ul class="payments" data-test="sent">
                    { for props.sent.iter().map(|sent| html! {
                        <li key={sent.payment.id.clone()}>{ payment_view(&sent.payment, Some(address), sent.fate) }</li>
                    }) }
                </ul>
            }
        </>
    };
    panel("wallet", "Wallet", None, children)
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
