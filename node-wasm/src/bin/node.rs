//! The node worker's module: built for browsers only, with the feature `workers`.

fn main() {
    if let Err(error) = node_wasm::web::run_node() {
        wasm_bindgen::throw_val(error);
    }
}
