//! What stands in the place of the page when the address names no room.

use yew::prelude::*;

use super::room_dialog::RoomForm;
use crate::text;

/// Says why the address' name of a room is refused, and asks for a better one.
pub fn wrong_room(error: &str) -> Html {
    html! {
        <main class="wrong">
            <h1>{ "This link names no room" }</h1>
            <RoomForm error={AttrValue::from(text::sentence(error))} />
            <p><a href="#/room/lobby">{ "Go to the lobby" }</a></p>
        </main>
    }
}
