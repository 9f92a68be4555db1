//! One payment as every list shows it: who pays whom how much, its message, what became of it.

use node_wasm::api::{TransactionState, TransactionView};
use yew::prelude::*;

use super::hash::{hash, party};
use super::panel::figure;
use crate::state::Fate;
use crate::text;

/// A payment; the own address is shown as "you".
pub(crate) fn payment_view(payment: &TransactionView, own: Option<&str>, fate: Fate) -> Html {
    let (state, sentence) = match (fate, payment.state, payment.waits_for) {
        (Fate::Replaced, ..) => ("replaced", "replaced by another".to_owned()),
        (Fate::Dropped, ..) => ("dropped", "dropped".to_owned()),
        (Fate::Known, TransactionState::Confirmed, _) => {
            ("confirmed", format!("confirmed in block {}", payment.height))
        }
        (Fate::Known, TransactionState::Pending, None) => {
            ("pending", format!("pending for block {}", payment.height))
        }
        (Fate::Known, TransactionState::Pending, Some(nonce)) => {
            ("pending", format!("waits for payment {nonce}"))
        }
    };
    let party = |address: &str| party(address, own == Some(address));
    html! {
        <article class="payment" data-test="payment" data-id={payment.id.clone()} data-state={state}>
            <p class="parties">{ party(&payment.from) }<span class="arrow" aria-label="pays">{ "→" }</span>{ party(&payment.to) }</p>
            <p class="sum">{ figure(&payment.amount, Some("payment-amount")) }
                <span class="unit">{ text::plural(&payment.amount, "tab") }</span></p>
            <p class="data" data-test="payment-data">{ payment.data.clone() }</p>
            <p class="id"><span class="chip" data-state={state} data-test="payment-state">{ sentence }</span>
                <span class="fee">{ format!("fee {}, nonce {}", payment.fee, payment.nonce) }</span>
                { hash(&payment.id, Some("payment-id")) }</p>
        </article>
    }
}
