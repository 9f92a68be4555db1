//! The program of the page and of its workers: puts the real node behind the page.

use node_wasm::web::{NodeClient, StartOptions, js_api};
use ui::node::Node;

fn main() {
    if let Err(error) = node_wasm::web::run(page) {
        wasm_bindgen::throw_val(error);
    }
}

fn page() {
    ui::run(|room, relay, told| {
        let client = NodeClient::start(StartOptions { room, relay }, move |update| told.emit(update));
        js_api::expose(&client);
        Node::new(move |command, answer| {
            let client = client.clone();
            wasm_bindgen_futures::spawn_local(async move { answer.emit(client.call(command).await) });
        })
    });
}
