//! The payments that wait, the next to be mined first.

use std::rc::Rc;

use node_wasm::api::TransactionView;
use yew::prelude::*;

use super::panel::panel;
use super::payments::payment_view;
use super::windowed::Windowed;
use crate::state::Fate;

/// The height of a row; the style sheet has the same.
const ROW_HEIGHT: i32 = 92;

#[derive(Clone, Properties, PartialEq)]
pub struct MempoolProps {
    /// The payments that the node listed.
    pub payments: Rc<Vec<TransactionView>>,
    /// How many wait in all; `None` until the node has started.
    pub count: Option<u32>,
    /// The own address.
    pub own: Option<AttrValue>,
}

/// The mempool.
#[component]
pub fn Mempool(props: &MempoolProps) -> Html {
    let aside = props.count.map(
        |count| html! { <p class="count"><span class="figure" data-test="mempool-count">{ count }</span></p> },
    );
    let hidden = (props.count.unwrap_or(0) as usize).saturating_sub(props.payments.len());
    let row = {
        let (payments, own) = (props.payments.clone(), props.own.clone());
        Callback::from(move |index: usize| match payments.get(index) {
            Some(payment) => html! {
                <div class="row" role="listitem" key={payment.id.clone()}>{ payment_view(payment, own.as_deref(), Fate::Known) }</div>
            },
            None => Html::default(),
        })
    };
    let children = html! {
        <>
            if props.payments.is_empty() {
                <p class="empty">{ "No payment waits. One that is sent shows up here on every tab, until a block takes it." }</p>
            } else {
                <Windowed test="mempool" label="Waiting payments" total={props.payments.len()} row_height={ROW_HEIGHT} {row} />
            }
            if hidden > 0 && !props.payments.is_empty() {
                <p class="note">{ format!("and {hidden} more") }</p>
            }
        </>
    };
    panel("mempool", "Waiting payments", aside, children)
}
