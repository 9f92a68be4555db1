//! The bar on top: the room and its link, the relay connection, language and theme, and the miner's switch, which on phones sits
//! at the bottom, under the thumb. Always in sight.

use node_wasm::api::{Command, Connection, ConnectionView, MineRequest, MiningView};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::clock::use_now;
use super::copy::CopyButton;
use super::room_dialog::room_dialog;
use crate::l10n::{LANGUAGES, shell};
use crate::language::use_language;
use crate::node::use_session;
use crate::route::{Place, Route};
use crate::{browser, text};

/// The bar on top; the node is `ready` when it has told its figures.
pub fn header(mining: MiningView, connection: Option<&ConnectionView>, place: &Place, ready: bool) -> Html {
    html! {
        <header class="bar">
            <div class="where">
                <p class="brand">
                    { icon("M3 12V9q0-3 3-3h8q3 0 3 3v3h9q3 0 3 3v9q0 3-3 3H6q-3 0-3-3z") }
                    <span>{ "Tabchain" }</span>
                </p>
                <Room />
            </div>
            <div class="tools"><LanguageSwitch /><Theme /></div>
            <Relay connection={connection.cloned()} />
            <div class="dock">
                <Nav place={place.clone()} />
                <Switch {mining} {ready} />
            </div>
        </header>
    }
}

/// A drawing of 32 by 32 that stands beside its meaning.
fn icon(path: &'static str) -> Html {
    html! { <svg class="icon" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d={path} fill="currentColor" fill-rule="evenodd" /></svg> }
}

#[derive(Clone, Properties, PartialEq)]
struct NavProps {
    place: Place,
}

/// The ways to the places of the room.
#[component]
fn Nav(props: &NavProps) -> Html {
    let room = use_session().room;
    let link = |place: Place, label: &'static str, is_here: bool, drawing: &'static str| {
        html! {
            <a href={Route::to(&room, place).to_string()} aria-current={is_here.then_some("page")}>{ icon(drawing) }<span>{ label }</span></a>
        }
    };
    let here = &props.place;
    html! {
        <nav class="nav" aria-label="Places" data-test="nav">
            { link(Place::Home, "Room", here.is_home(), "M4 15 16 4l12 11v13h-9v-8h-6v8H4z") }
            { link(Place::Blocks, "Blocks", matches!(here, Place::Blocks | Place::Block(_)), "M4 4h11v11H4zM17 4h11v11H17zM4 17h11v11H4zM20 20v5h5v-5zM17 17h11v11H17z") }
            { link(Place::Wallet(String::new()), "Wallet", matches!(here, Place::Wallet(_)), "M4 8q0-3 3-3h17v4h4v18H7q-3 0-3-3zM7 7.500v1.500h14v-1.500zM21 16v4h4v-4z") }
            { link(Place::Miner, "Miner", matches!(here, Place::Miner), "M6 9q10-7 20 0l2 7-6-5-11 17-4-3 11-16q-6-3-12 0z") }
            { link(Place::Node, "Node", matches!(here, Place::Node), "M16 2l12 7v14l-12 7-12-7V9zM16 10l-6 3.500v6l6 3.500 6-3.500v-6z") }
        </nav>
    }
}

/// The room, its link, and the way to another.
#[component]
fn Room() -> Html {
    let room = use_session().room;
    let asking = use_state(|| false);
    let link = browser::link_to(&Route::room(&room).to_string());
    let set = |value: bool| {
        let asking = asking.clone();
        move |()| asking.set(value)
    };
    let (open, closed) = (set(true), set(false));
    let share = {
        let (title, link) = (format!("Tabchain room {room}"), link.clone());
        move |_: MouseEvent| browser::share(&title, &link)
    };
    html! {
        <div class="room">
            <h1><span class="kicker">{ "Room" }</span>{ " " }<span data-test="room">{ room.to_string() }</span></h1>
            <div class="actions">
                <CopyButton text={link} what="link" test="copy-link" />
                if browser::can_share() {
                    <button type="button" class="button small" data-test="share" onclick={share}>{ "Share" }</button>
                }
                <a class="button small" href={Route::to(&room, Place::Invite).to_string()} data-test="invite">{ "Invite" }</a>
                <button type="button" class="button small" data-test="switch-room" aria-haspopup="dialog"
                    onclick={move |_: MouseEvent| open(())}>{ "Other room" }</button>
            </div>
            if *asking { { room_dialog(Callback::from(closed)) } }
        </div>
    }
}

#[derive(Clone, Properties, PartialEq)]
struct RelayProps {
    connection: Option<ConnectionView>,
}

/// The relay connection: its word, its sentence, its switch.
#[component]
fn Relay(props: &RelayProps) -> Html {
    let node = use_session().node;
    let now = use_now();
    let starting = || ConnectionView {
        state: Connection::Connecting,
        relay: String::new(),
        reason: String::new(),
        retry_at: None,
    };
    let view = props.connection.clone().unwrap_or_else(starting);
    let word = text::connection_word(view.state);
    let button = |test: &'static str, label: &'static str, command: Command| {
        let node = node.clone();
        let onclick = move |_: MouseEvent| node.tell(command.clone());
        html! { <button type="button" class="button small" data-test={test} {onclick}>{ label }</button> }
    };
    let connect = Command::Connect { relay: None };
    html! {
        <div class="relay" data-state={word}>
            <p title={view.relay.clone()}>
                <span class="lamp" aria-hidden="true"></span>
                <b data-test="connection">{ word }</b>
                <span class="sentence" data-test="connection-sentence">{ text::connection_sentence(&view, now) }</span>
            </p>
            if view.state == Connection::Offline { { button("connect-now", "Try now", connect.clone()) } }
            if view.state == Connection::Off {
                { button("connect-toggle", "Connect", connect) }
            } else {
                { button("connect-toggle", "Disconnect", Command::Disconnect) }
            }
        </div>
    }
}

/// The language of the page, by their own names.
#[component]
fn LanguageSwitch() -> Html {
    let language = use_language();
    let onchange =
        |event: Event| browser::choose_language(&event.target_unchecked_into::<HtmlSelectElement>().value());
    html! {
        <select class="button small" data-test="language" aria-label={shell::language()} {onchange}>
            { for LANGUAGES.into_iter().map(|one| html! {
                <option value={one.code()} lang={one.code()} selected={one == language}>{ one.name() }</option>
            }) }
        </select>
    }
}

/// Light, dark, or as the system has it.
#[component]
fn Theme() -> Html {
    use_language();
    let theme = use_state(browser::theme);
    let (label, next) = match theme.as_deref() {
        Some("light") => (shell::theme_light(), Some("dark")),
        Some("dark") => (shell::theme_dark(), None),
        Some(_) | None => (shell::theme_auto(), Some("light")),
    };
    let onclick = move |_: MouseEvent| {
        browser::set_theme(next);
        theme.set(next.map(str::to_owned));
    };
    html! {
        <button type="button" class="button small theme" data-test="theme" aria-label={shell::theme(label)} {onclick}>
            <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.6v10.8a5.4 5.4 0 0 1 0-10.8z" fill="currentColor" />
            </svg>
            <span>{ label }</span>
        </button>
    }
}

#[derive(Clone, Properties, PartialEq)]
struct SwitchProps {
    mining: MiningView,
    ready: bool,
}

/// Starts and stops the miner.
#[component]
fn Switch(props: &SwitchProps) -> Html {
    let node = use_session().node;
    let MiningView { on, waiting, hash_rate, .. } = props.mining;
    let onclick = move |_: MouseEvent| {
        node.tell(Command::Mine(MineRequest { on: !on, workers: None, intensity: None }));
    };
    let (number, unit) = text::hash_rate(hash_rate);
    let state = match (props.ready, on, waiting) {
        (false, ..) => "The node is starting",
        (true, false, _) => "The miner rests",
        (true, true, true) => "Asking the peers first",
        (true, true, false) => "Mining",
    };
    html! {
        <div class="switch" data-on={on.to_string()}>
            <p><span class="kicker">{ state }</span>
                <span class="figure" data-test="hash-rate" data-value={(hash_rate as u64).to_string()}>{ number }</span>
                { " " }<span class="unit" data-test="hash-rate-unit">{ unit }</span></p>
            <button type="button" class="button primary" data-test="mine-toggle" aria-pressed={on.to_string()}
                aria-label={if on { "Stop mining" } else { "Start mining" }} disabled={!props.ready} {onclick}>
                { if on { "Stop" } else { "Start" } }<span class="wide">{ " mining" }</span></button>
        </div>
    }
}
