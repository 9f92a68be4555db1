//! How others come in: the room's link as a code that a phone reads from a wall, and as text.

use yew::prelude::*;

use crate::browser;
use crate::components::copy::CopyButton;
use crate::components::panel::panel;
use crate::components::qr::Qr;
use crate::node::use_session;
use crate::route::Route;

/// The invitation.
#[component]
pub(super) fn Invite() -> Html {
    let room = use_session().room;
    let link = browser::link_to(&Route::room(&room).to_string());
    let children = html! {
        <div class="invite">
            <Qr text={link.clone()} label={format!("The link of room {room} as a QR code")} />
            <div>
                <p>{ "Point a phone's camera at the code, or type the link. Whoever opens it is a node of the room." }</p>
                <p class="link" data-test="invite-link">{ link.clone() }</p>
                <CopyButton text={link} what="link" test="copy-invite" />
            </div>
        </div>
    };
    panel("invite", "Invite others", None, children)
}
