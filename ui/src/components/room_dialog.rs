//! The way to another room.

use node_wasm::units::RoomName;
use yew::prelude::*;

use super::field::Field;
use super::modal::Modal;
use crate::route::Route;
use crate::{browser, text};

#[derive(Clone, Properties, PartialEq)]
pub(super) struct RoomDialogProps {
    /// Called when it was closed.
    pub(super) closed: Callback<()>,
}

/// Asks for a room's name and goes there.
#[component]
pub(super) fn RoomDialog(props: &RoomDialogProps) -> Html {
    let name = use_state(String::new);
    let error = use_state(|| None::<AttrValue>);
    let typed = {
        let (name, error) = (name.clone(), error.clone());
        Callback::from(move |text| {
            name.set(text);
            error.set(None);
        })
    };
    let onsubmit = {
        let (name, error, closed) = (name.clone(), error.clone(), props.closed.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            match name.trim().parse::<RoomName>() {
                Ok(room) => {
                    browser::go(&Route::room(&room).to_string());
                    closed.emit(());
                }
                Err(refused) => error.set(Some(text::sentence(&refused.to_string()).into())),
            }
        }
    };
    html! {
        <Modal id="room-dialog" title="Go to another room" closed={props.closed.clone()}>
            <form {onsubmit}>
                <p>{ "A room is a chain of its own. It exists as soon as somebody opens its link." }</p>
                <Field id="room-name" label="Name of the room" hint="a-z, 0-9 and -, for example class-7b"
                    error={(*error).clone()} error_test="room-error" value={(*name).clone()} {typed} />
                <div class="actions"><button class="button primary" data-test="room-go">{ "Go there" }</button></div>
            </form>
        </Modal>
    }
}
