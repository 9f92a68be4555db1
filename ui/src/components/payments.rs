//! One payment as every list shows it: who pays whom how much, its message, what became of it.

use node_wasm::api::{TransactionState, TransactionView};
use yew::prelude::*;

use super::hash::Hash;
use super::mark::Mark;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct PaymentProps {
    /// The payment.
    pub(super) payment: TransactionView,
    /// The own address, shown as "you".
    #[prop_or_default]
    pub(super) own: Option<AttrValue>,
}

/// A payment.
#[component]
pub(super) fn Payment(props: &PaymentProps) -> Html {
    let payment = &props.payment;
    let (state, sentence) = match payment.state {
        TransactionState::Pending => ("pending", format!("pending for block {}", payment.height)),
        TransactionState::Confirmed => ("confirmed", format!("confirmed in block {}", payment.height)),
    };
    let party = |address: &str| -> Html {
        if props.own.as_deref() == Some(address) {
            html! { <b>{ "you" }</b> }
        } else {
            html! { <><Mark of={address.to_owned()} /><Hash value={address.to_owned()} /></> }
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
                <Hash value={payment.id.clone()} test="payment-id" /></p>
        </article>
    }
}
