//! The way to another room.

use node_wasm::units::RoomName;
use yew::prelude::*;

use super::field::Field;
use super::modal::Modal;
use crate::route::Route;
use crate::{browser, text};

/// Asks for a room's name and goes there.
pub(super) fn room_dialog(closed: Callback<()>) -> Html {
    html! {
        <Modal id="room-dialog" title="Go to another room" closed={closed.clone()}>
            <RoomForm gone={closed} />
        </Modal>
    }
}

#[derive(Clone, Properties, PartialEq)]
pub(super) struct RoomFormProps {
    /// Why the name that was tried is none.
    #[prop_or_default]
    pub(super) error: Option<AttrValue>,
    /// Called on the way to the room.
    #[prop_or_default]
    pub(super) gone: Callback<()>,
}

/// A field for the name of a room.
#[component]
pub(super) fn RoomForm(props: &RoomFormProps) -> Html {
    let name = use_state(String::new);
    let error = use_state(|| props.error.clone());
    let typed = {
        let (name, error) = (name.clone(), error.clone());
        Callback::from(move |text| {
            name.set(text);
            error.set(None);
        })
    };
    let onsubmit = {
        let (name, error, gone) = (name.clone(), error.clone(), props.gone.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            match name.trim().parse::<RoomName>() {
                Ok(room) => {
                    browser::go(&Route::room(&room).to_string());
                    gone.emit(());
                }
                Err(refused) => error.set(Some(text::sentence(&refused.to_string()).into())),
            }
        }
    };
    html! {
        <form {onsubmit}>
            <p>{ "A room is a chain of its own. It exists as soon as somebody opens its link." }</p>
            <Field id="room-name" label="Name of the room" hint="a-z, 0-9 and -, for example class-7b" autofocus=true
                error={(*error).clone()} error_test="room-error" value={(*name).clone()} {typed} />
            <div class="actions"><button class="button primary" data-test="room-go">{ "Go there" }</button></div>
        </form>
    }
}
