//! A face for an identifier: five by five cells, mirrored, in one of twelve colours. The same miner looks the same in
//! the strip, the chain and the peers, so the eye finds who won.

use yew::prelude::*;

/// How many colours the style sheet has.
const HUES: u32 = 12;

/// The face of an identifier; decoration, since the identifier stands beside it.
pub(crate) fn mark(id: &str) -> Html {
    html! {
        <svg class="mark" data-hue={hue(id)} viewBox="0 0 5 5" aria-hidden="true" focusable="false">
            <path d={cells(id)} fill="currentColor" />
        </svg>
    }
}

/// The colour of an identifier, for `data-hue`.
pub(crate) fn hue(id: &str) -> String {
    (mix(id) % HUES).to_string()
}

/// A path of the cells: three columns by the bits of the digest, the other two their mirror.
fn cells(id: &str) -> String {
    let bits = mix(id) >> 8;
    let mut path = String::new();
    for cell in 0..15u32 {
        if bits >> cell & 1 == 1 {
            let (x, y) = (cell % 3, cell / 3);
            for x in [x, 4 - x] {
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
    }
    path
}

/// 32-bit FNV-1a with a final avalanche: identifiers that differ in one character must not look alike.
fn mix(id: &str) -> u32 {
    let fnv =
        id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let folded = (fnv ^ (fnv >> 16)).wrapping_mul(0x85eb_ca6b);
    folded ^ (folded >> 13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_stable_mirrored_and_differ() {
        assert_eq!(cells("tab1a"), cells("tab1a"));
        assert_ne!(cells("tab1a"), cells("tab1b"));
        for id in ["", "a", "tab1qqqq", "00ff"] {
            let path = cells(id);
            for y in 0..5 {
                for x in 0..2 {
                    let has = |x: u32| path.contains(&format!("M{x} {y}h"));
                    assert_eq!(has(x), has(4 - x), "{id:?} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn all_colours_are_used() {
        let hues: std::collections::BTreeSet<String> = (0..200).map(|id: u32| hue(&id.to_string())).collect();
        assert_eq!(hues.len(), HUES as usize);
    }
}
