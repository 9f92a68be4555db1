//! Which rows of a long list are worth having in the document.

use std::ops::Range;

/// Rows above and below the ones in sight, so that a quick scroll shows no gap.
pub const OVERSCAN: usize = 8;
/// The most rows that a list puts into the document at once, whatever its size on screen.
pub const ROWS_MAX: usize = 100;

/// The rows to render of `total` equally high ones. Lengths are in CSS pixels.
#[must_use]
pub fn visible(scroll_top: i32, view_height: i32, row_height: i32, total: usize) -> Range<usize> {
    // Some browsers scroll past the ends and spring back.
    let top = scroll_top.max(0);
    let row = |y: i32| usize::try_from(y.max(0) / row_height.max(1)).unwrap_or(0);
    let start = row(top).saturating_sub(OVERSCAN).min(total);
    let end = row(top.saturating_add(view_height)).saturating_add(1 + OVERSCAN);
    start..end.min(total).min(start + ROWS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_near_the_view_are_rendered() {
        let check = |scroll, view, total, expect: Range<usize>| {
            assert_eq!(visible(scroll, view, 40, total), expect, "{scroll} {view} {total}");
        };
        check(0, 400, 0, 0..0);
        check(0, 400, 5, 0..5);
        check(0, 400, 10_000, 0..19);
        check(4_000, 400, 10_000, 92..119);
        check(400_000, 400, 10_000, 9_992..10_000);
        check(-50, 400, 10_000, 0..19);
        check(i32::MAX, i32::MAX, 10_000, 10_000..10_000);
        check(0, i32::MAX, 10_000, 0..ROWS_MAX);
        assert_eq!(visible(0, 10, 0, 3), 0..3);
    }
}
