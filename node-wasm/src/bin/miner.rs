//! The miner worker's module: built for browsers only, with the feature `workers`.

fn main() {
    if let Err(error) = node_wasm::web::run_miner() {
        wasm_bindgen::throw_val(error);
    }
}
