//! What stands in the place of the page when the address names no room.

use yew::prelude::*;

use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct WrongRoomProps {
    /// Why the name is refused.
    pub error: AttrValue,
}

/// Says what is wrong with the address, and where to go.
#[component]
pub fn WrongRoom(props: &WrongRoomProps) -> Html {
    html! {
        <main class="wrong">
            <h1>{ "This link names no room" }</h1>
            <p data-test="room-error">{ text::sentence(&props.error) }</p>
            <p><a class="button primary" href="#/room/lobby">{ "Go to the lobby" }</a></p>
        </main>
    }
}
