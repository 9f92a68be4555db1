//! The program of the pages and of their tools worker: loaded by the shell, whose node it asks.

use node_wasm::web::answerer::{Answerer, serve};
use node_wasm::web::is_worker;
use ui::link::{Link, NoLink};
use ui::tools::{self, TOOLS, Told, Tools};
use wasm_bindgen_futures::spawn_local;

fn main() {
    if !is_worker() {
        page();
    } else if let Err(error) = serve(tools::answer) {
        wasm_bindgen::throw_val(error);
    }
}

fn page() {
    match Link::take() {
        Ok(link) => ui::run_pages(link, tools_behind_a_worker()),
        Err(NoLink::OtherBuild) => ui::pages_are_stale(),
        // Opened by itself there is nothing to draw into.
        Err(NoLink::NoShell) => {}
    }
}

fn tools_behind_a_worker() -> Tools {
    let worker = Answerer::<Told>::new(TOOLS);
    Tools::new(move |ask, answer| {
        let worker = worker.clone();
        spawn_local(async move { answer.emit(worker.ask(ask).await) });
    })
}
