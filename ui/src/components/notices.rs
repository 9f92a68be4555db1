//! What the user should know until it is dealt with: in the flow of the page, over nothing.

use node_wasm::api::Notice;
use yew::prelude::*;

use crate::state::Action;

/// The notices, the newest first.
pub fn notices(notices: &[Notice], dispatch: &Callback<Action>) -> Html {
    html! {
        <div class="notices" role="region" aria-label="Notices" aria-live="polite">
            { for notices.iter().map(|notice| one(notice, dispatch)) }
        </div>
    }
}

fn one(notice: &Notice, dispatch: &Callback<Action>) -> Html {
    let (dispatch, code) = (dispatch.clone(), notice.code.clone());
    let onclick = move |_: MouseEvent| dispatch.emit(Action::Dismissed(code.clone()));
    html! {
        <div class="notice" key={notice.code.clone()} data-test="notice" data-code={notice.code.clone()}>
            <p>{ notice.message.clone() }</p>
            <button type="button" class="button small" data-test="notice-dismiss" {onclick}>{ "Dismiss" }</button>
        </div>
    }
}
