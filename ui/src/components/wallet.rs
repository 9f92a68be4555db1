//! The wallet: what this node's key owns, where to be paid, and the way to pay.

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

/// The wallet: its figures, the chain whose miners are suggested as recipients, and the payments sent from this page.
pub fn wallet(status: Option<&Status>, chain: &Chain, sent: &[Sent], dispatch: &Callback<Action>) -> Html {
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
            <SendForm known={status.map(|status| known(chain, status)).unwrap_or_default()} dispatch={dispatch.clone()} />
            if !sent.is_empty() {
                <h3>{ "Sent from here" }</h3>
                <ul class="payments" data-test="sent">
                    { for sent.iter().map(|sent| html! {
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
