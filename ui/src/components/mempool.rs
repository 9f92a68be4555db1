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

/// The mempool: the payments that the node listed, how many wait in all, which is `None` until it has started, and the
/// own address.
pub fn mempool(payments: &Rc<Vec<TransactionView>>, count: Option<u32>, own: Option<&AttrValue>) -> Html {
    let aside = count.map(
        |count| html! { <p class="count"><span class="figure" data-test="mempool-count">{ count }</span></p> },
    );
    let hidden = (count.unwrap_or(0) as usize).saturating_sub(payments.len());
    let row = {
        let (payments, own) = (payments.clone(), own.cloned());
        Callback::from(move |index: usize| match payments.get(index) {
            Some(payment) => html! {
                <div class="row" role="listitem" key={payment.id.clone()}>{ payment_view(payment, own.as_deref(), Fate::Known) }</div>
            },
            None => Html::default(),
        })
    };
    let children = html! {
        <>
            if payments.is_empty() {
                <p class="empty">{ "No payment waits. One that is sent shows up here on every tab, until a block takes it." }</p>
            } else {
                <Windowed test="mempool" label="Waiting payments" total={payments.len()} row_height={ROW_HEIGHT} {row} />
            }
            if hidden > 0 && !payments.is_empty() {
                <p class="note">{ format!("and {hidden} more") }</p>
            }
        </>
    };
    panel("mempool", "Waiting payments", aside, children)
}
