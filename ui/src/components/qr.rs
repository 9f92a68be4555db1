//! A QR code, drawn from the modules that the tools worker made of a text.

use yew::prelude::*;

use crate::tools::{Ask, Matrix, Told, use_tools};

/// Empty modules around a code, as the standard (ISO/IEC 18004) asks for.
const QUIET: usize = 4;

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct QrProps {
    /// What the code says.
    pub(crate) text: AttrValue,
    /// What it is, for those who do not see it.
    pub(crate) label: AttrValue,
}

/// The code, once it is made.
#[component]
pub(crate) fn Qr(props: &QrProps) -> Html {
    let tools = use_tools();
    let made = use_state_eq(|| None::<Result<Matrix, String>>);
    {
        let made = made.clone();
        use_effect_with(props.text.clone(), move |text| {
            tools.ask(Ask::Qr { text: text.to_string() }, move |told| {
                made.set(Some(match told {
                    Ok(Told::Qr(matrix)) => matrix,
                    Err(why) => Err(why),
                }));
            });
        });
    }
    match &*made {
        None => html! { <div class="qr" aria-hidden="true"></div> },
        Some(Err(why)) => {
            html! { <p class="note wrong" role="alert">{ format!("There is no code: {why}.") }</p> }
        }
        Some(Ok(matrix)) => {
            let size = matrix.size + 2 * QUIET;
            html! {
                <svg class="qr" role="img" aria-label={props.label.clone()} data-test="qr" viewBox={format!("0 0 {size} {size}")} shape-rendering="crispEdges">
                    <path d={path(matrix)} />
                </svg>
            }
        }
    }
}

/// The dark modules, each run of a row as one rectangle.
fn path(matrix: &Matrix) -> String {
    let mut path = String::new();
    for (y, row) in matrix.dark.chunks(matrix.size.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&true) {
                path.push_str(&format!("M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len()));
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_runs_become_rectangles_inside_the_quiet_zone() {
        let matrix =
            Matrix { size: 3, dark: vec![true, true, false, false, false, false, false, false, true] };
        assert_eq!(path(&matrix), "M4 4h2v1h-2zM6 6h1v1h-1z");
    }
}
