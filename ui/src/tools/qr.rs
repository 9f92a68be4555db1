//! QR codes (ISO/IEC 18004) of texts.

use borsh::{BorshDeserialize, BorshSerialize};
use fast_qr::{ECL, QRBuilder};

/// The modules of a code.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Matrix {
    /// How many modules a side has.
    pub size: usize,
    /// Whether each is dark, row by row.
    pub dark: Vec<bool>,
}

/// A text as a code that survives the loss of a seventh of it.
///
/// # Errors
/// When the text is longer than any code: about 2,300 bytes.
pub fn encode(text: &str) -> Result<Matrix, String> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|error| error.to_string())?;
    let rows = (0..code.size).flat_map(|row| code[row].iter());
    Ok(Matrix { size: code.size, dark: rows.map(|module| module.value()).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_three_finders_of_the_standard() {
        let code = encode("https://example.org/#/room/class-7b").unwrap();
        assert_eq!(code.dark.len(), code.size * code.size);
        let dark = |x: usize, y: usize| code.dark[y * code.size + x];
        for (left, top) in [(0, 0), (code.size - 7, 0), (0, code.size - 7)] {
            let row = |y: usize| (0..7).map(|x| u8::from(dark(left + x, top + y))).collect::<Vec<_>>();
            assert_eq!(
                (row(0), row(1), row(3)),
                (vec![1; 7], vec![1, 0, 0, 0, 0, 0, 1], vec![1, 0, 1, 1, 1, 0, 1])
            );
        }
    }

    #[test]
    fn a_text_beyond_any_code_is_refused() {
        assert!(encode(&"x".repeat(2_331)).is_ok());
        assert!(encode(&"x".repeat(2_332)).is_err());
    }
}
