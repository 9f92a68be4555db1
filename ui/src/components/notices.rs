//! What the user should know until it is dealt with: in the flow of the page, over nothing.

use std::rc::Rc;

use node_wasm::api::Notice;
use yew::prelude::*;

use crate::state::Action;

#[derive(Clone, Properties, PartialEq)]
pub struct NoticesProps {
    /// The notices, the newest first.
    pub notices: Rc<Vec<Notice>>,
    /// To the state.
    pub dispatch: Callback<Action>,
}

/// The notices.
#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    html! {
        <div class="notices" role="region" aria-label="Notices" aria-live="polite">
            { for props.notices.iter().map(|notice| one(notice, &props.dispatch)) }
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
