//! The miner's settings and takings. Its switch is in the bar on top.

use node_wasm::api::{Command, MineRequest, MiningView};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::panel::{panel, stat};
use crate::node::use_session;
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct MinerProps {
    /// The miner.
    pub mining: MiningView,
}

/// The miner.
#[component]
pub fn Miner(props: &MinerProps) -> Html {
    let node = use_session().node;
    let mining = props.mining;
    let workers = {
        let node = node.clone();
        Callback::from(move |workers| {
            node.tell(Command::Mine(MineRequest { on: mining.on, workers: Some(workers), intensity: None }));
        })
    };
    let intensity = Callback::from(move |intensity| {
        node.tell(Command::Mine(MineRequest { on: mining.on, workers: None, intensity: Some(intensity) }));
    });
    let children = html! {
        <>
            <dl class="stats">
                { stat("Blocks won", &mining.blocks_won.to_string(), "since opened", Some("blocks-won")) }
                { stat("Cores at work", &if mining.on { mining.workers } else { 0 }.to_string(), "", Some("workers")) }
            </dl>
            <Slider id="mine-workers" label="Cores" value={mining.workers} max={mining.workers_max.max(1)} chosen={workers} />
            <Slider id="mine-intensity" label="Intensity" unit="%" value={mining.intensity} max={100} chosen={intensity} />
            <p class="note">{ "More cores and intensity win more blocks, and warm the machine." }</p>
        </>
    };
    panel("miner", "Miner", None, children)
}

#[derive(Clone, Properties, PartialEq)]
struct SliderProps {
    /// The element's id, and its name for tests.
    id: &'static str,
    label: &'static str,
    #[prop_or_default]
    unit: &'static str,
    value: u32,
    max: u32,
    chosen: Callback<u32>,
}

/// A whole number from 1 up. While it is dragged, what the node says does not move it.
#[component]
fn Slider(props: &SliderProps) -> Html {
    let dragged = use_state_eq(|| None::<u32>);
    {
        let dragged = dragged.clone();
        use_effect_with(props.value, move |_| dragged.set(None));
    }
    let read = |event: &Event| event.target_unchecked_into::<HtmlInputElement>().value().parse::<u32>().ok();
    let oninput = {
        let dragged = dragged.clone();
        move |event: InputEvent| dragged.set(read(&event))
    };
    let onchange = {
        let chosen = props.chosen.clone();
        move |event: Event| read(&event).into_iter().for_each(|value| chosen.emit(value))
    };
    let value = dragged.unwrap_or(props.value);
    // The node has not told yet.
    let unknown = value == 0;
    let shown = if unknown { text::UNKNOWN.to_owned() } else { format!("{value}{}", props.unit) };
    html! {
        <div class="slider">
            <label for={props.id}>{ props.label }</label>
            <output for={props.id}>{ shown }</output>
            <input id={props.id} data-test={props.id} type="range" min="1" max={props.max.to_string()} value={value.to_string()}
                disabled={unknown || props.max == 1} {oninput} {onchange} />
        </div>
    }
}
