//! The form that pays. The node judges every field and names the one at fault; what was typed stays.

use node_wasm::api::{ApiError, Command, DEFAULT_FEE, Reply, SendRequest};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::field::Field;
use crate::node::{Node, unexpected, use_session};
use crate::state::Action;
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct SendFormProps {
    /// Addresses to suggest.
    pub(super) known: Vec<AttrValue>,
    /// To the state.
    pub(super) dispatch: Callback<Action>,
}

#[derive(Clone, Copy, PartialEq)]
enum Input {
    To,
    Amount,
    Fee,
    Data,
}

/// What is typed.
#[derive(Clone, PartialEq)]
struct Draft {
    to: String,
    amount: String,
    fee: String,
    data: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self { to: String::new(), amount: String::new(), fee: DEFAULT_FEE.to_string(), data: String::new() }
    }
}

impl Draft {
    fn with(&self, input: Input, value: String) -> Self {
        let mut draft = self.clone();
        match input {
            Input::To => draft.to = value,
            Input::Amount => draft.amount = value,
            Input::Fee => draft.fee = value,
            Input::Data => draft.data = value,
        }
        draft
    }

    fn request(&self) -> SendRequest {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SendRequest {
            // An address that was copied from two lines.
            to: self.to.split_whitespace().collect(),
            amount: self.amount.trim().to_owned(),
            fee: some(self.fee.trim()),
            data: some(&self.data),
            nonce: None,
        }
    }
}

/// The form.
#[component]
pub(super) fn SendForm(props: &SendFormProps) -> Html {
    let node = use_session().node;
    let draft = use_state(Draft::default);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let typed = |input: Input| {
        let (draft, error) = (draft.clone(), error.clone());
        Callback::from(move |text| {
            draft.set(draft.with(input, text));
            error.set(None);
        })
    };
    let fault = |field: &str| -> Option<AttrValue> {
        let error = error.as_ref().filter(|error| error.field.as_deref() == Some(field))?;
        Some(text::sentence(&error.message).into())
    };
    let onsubmit = {
        let (draft, error, busy, dispatch) =
            (draft.clone(), error.clone(), busy.clone(), props.dispatch.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            // A second press while the first is judged would be a second payment.
            if *busy {
                return;
            }
            busy.set(true);
            let (draft, error, busy, dispatch) =
                (draft.clone(), error.clone(), busy.clone(), dispatch.clone());
            let follow = node.clone();
            node.ask(Command::Send(draft.request()), move |answer| {
                busy.set(false);
                match answer {
                    Ok(Reply::Sent(sent)) => {
                        error.set(None);
                        draft.set(Draft { to: draft.to.clone(), ..Draft::default() });
                        show(&follow, sent.id, dispatch.clone());
                    }
                    Ok(_) => {
                        error.set(Some(ApiError { code: String::new(), message: unexpected(), field: None }))
                    }
                    Err(refused) => error.set(Some(refused)),
                }
            });
        }
    };
    let general = error.as_ref().filter(|error| !is_shown_at_field(error));
    html! {
        <form class="send" {onsubmit} aria-label="Send a payment">
            <Field id="send-to" label="To" hint="An address, tab1…" error={fault("to")} error_test="send-error"
                value={draft.to.clone()} list="known-addresses" typed={typed(Input::To)} />
            <datalist id="known-addresses">
                { for props.known.iter().map(|address| html! { <option value={address.clone()} /> }) }
            </datalist>
            <div class="pair">
                <Field id="send-amount" label="Amount" hint="Whole tabs" error={fault("amount")} error_test="send-error"
                    value={draft.amount.clone()} inputmode="numeric" typed={typed(Input::Amount)} />
                <Field id="send-fee" label="Fee" hint="For the miner" error={fault("fee")} error_test="send-error"
                    value={draft.fee.clone()} inputmode="numeric" typed={typed(Input::Fee)} />
            </div>
            <Message value={draft.data.clone()} error={fault("data")} typed={typed(Input::Data)} />
            if let Some(error) = general {
                <p class="note wrong" role="alert" data-test="send-error" data-code={error.code.clone()}>
                    { text::sentence(&error.message) }
                </p>
            }
            <div class="actions">
                <button class="button primary" data-test="send-submit" aria-disabled={busy.then_some("true")}>{ "Send" }</button>
            </div>
        </form>
    }
}

fn is_shown_at_field(error: &ApiError) -> bool {
    matches!(error.field.as_deref(), Some("to" | "amount" | "fee" | "data"))
}

/// Puts a payment that was just accepted among the followed ones.
fn show(node: &Node, id: String, dispatch: Callback<Action>) {
    node.ask(Command::Transaction { id }, move |answer| {
        if let Ok(Reply::Transaction(payment)) = answer {
            dispatch.emit(Action::Payment(*payment));
        }
    });
}

#[derive(Clone, Properties, PartialEq)]
struct MessageProps {
    value: AttrValue,
    error: Option<AttrValue>,
    typed: Callback<String>,
}

/// The message: text that the chain keeps.
#[component]
fn Message(props: &MessageProps) -> Html {
    let area = use_node_ref();
    {
        let area = area.clone();
        use_effect_with(props.error.clone(), move |error| {
            if let (Some(_), Some(area)) = (error, area.cast::<HtmlTextAreaElement>()) {
                area.focus().ok();
            }
        });
    }
    let typed = props.typed.clone();
    let oninput =
        move |event: InputEvent| typed.emit(event.target_unchecked_into::<HtmlTextAreaElement>().value());
    let wrong = props.error.is_some();
    let hint = match props.value.len() {
        0 => "Kept on the chain, for everyone to read".to_owned(),
        size => text::count(size, "byte"),
    };
    html! {
        <div class="field" data-invalid={wrong.then_some("true")}>
            <label for="send-data">{ "Message" }<span class="optional">{ " optional" }</span></label>
            <textarea ref={area} id="send-data" data-test="send-data" rows="2" value={props.value.to_string()} {oninput}
                aria-describedby="send-data-note" aria-invalid={wrong.to_string()} />
            <p class="note" id="send-data-note" role={wrong.then_some("alert")} data-test={wrong.then_some("send-error")}>
                { props.error.clone().unwrap_or_else(|| hint.into()) }
            </p>
        </div>
    }
}
