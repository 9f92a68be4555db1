//! One payment as every list shows it: who pays whom how much, its message, what became of it.

use node_wasm::api::{TransactionState, TransactionView};
use yew::prelude::*;

use super::hash::hash;
use super::mark::mark;

/// A payment; the own address is shown as "you".
pub(super) fn payment_view(payment: &TransactionView, own: Option<&str>) -> Html {
    let (state, sentence) = match payment.state {
        TransactionState::Pending => ("pending", format!("pending for block {}", payment.height)),
        TransactionState::Confirmed => ("confirmed", format!("confirmed in block {}", payment.height)),
    };
    let party = |address: &str| -> Html {
        if own == Some(address) {
            html! { <b>{ "you" }</b> }
        } else {
            html! { <>{ mark(address) }{ hash(address, None) }</> }
        }
    };
    html! {
        <article class="payment" data-test="payment" data-id={payment.id.clone()} data-state={state}>
            <p class="parties">{ party(&payment.from) }<span class="arrow" aria-label="pays">{ "→" }</span>{ party(&payment.to) }</p>
            <p class="sum"><span class="figure" data-test="payment-amount">{ payment.amount.clone() }</span>
                <span class="unit">{ "tabs" }</span></p>
            <p class="data" data-test="payment-data">{ payment.data.clone() }</p>
            <p class="id"><span class="chip" data-state={state} data-test="payment-state">{ sentence }</span>
                <span class="fee">{ format!("fee {}", payment.fee) }</span>
                { hash(&payment.id, Some("payment-id")) }</p>
        </article>
    }
}
