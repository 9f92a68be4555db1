//! What a benchmark came to: a table of medians, the bars with their ratios, and the file with every turn.
//!
//! A ratio is the median of the ratios within each turn, in which the machine was the same for both: that of two medians
//! would move with the load. A bar that is missed ends the command with an error, after everything was said.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// A row of the table, and its turns.
pub(super) struct Series {
    title: String,
    /// Its name in the file of results.
    key: String,
    unit: Unit,
    turns: Vec<f64>,
}

/// How a figure is written: with a factor, so that it has few digits.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) factor: f64,
}

/// What is promised of a ratio of two series, or of one series alone.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    pub(super) title: &'static str,
    pub(super) of: &'static str,
    /// Nothing where the figure itself has the bound, in the unit of the series.
    pub(super) to: Option<&'static str>,
    pub(super) bound: Bound,
}

#[derive(Clone, Copy)]
pub(super) enum Bound {
    Least(f64),
    Most(f64),
}

/// Everything of one benchmark.
pub(super) struct Report {
    name: &'static str,
    /// The series that each row is shown beside, and the titles of their columns.
    references: &'static [(&'static str, &'static str)],
    series: Vec<Series>,
}

impl Report {
    /// Nothing was measured yet. The name is that of the file; each row shows its ratio to the references.
    pub(super) const fn new(name: &'static str, references: &'static [(&'static str, &'static str)]) -> Self {
        Self { name, references, series: Vec::new() }
    }

    /// Another row; its turns come by [`Self::turn`].
    pub(super) fn series(&mut self, key: &str, title: &str, unit: Unit) {
        self.series.push(Series { title: title.to_owned(), key: key.to_owned(), unit, turns: Vec::new() });
    }

    /// Whether there is such a series.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// A turn of a series.
    pub(super) fn turn(&mut self, key: &str, figure: f64) {
        if let Some(series) = self.series.iter_mut().find(|series| series.key == key) {
            series.turns.push(figure);
        }
    }

    /// Prints the table and the bars, and writes `target/bench/<name>.json`.
    pub(super) fn end(&self, bars: &[Bar]) -> Result<()> {
        let mut json = format!("{{\n  \"benchmark\": {:?},\n  \"series\": {{\n", self.name);
        let titles: String = self.references.iter().map(|(_, title)| format!(" {title:>10}")).collect();
        println!("  {:<52} {:>10} {:>10} {:>10}{titles}", self.name, "median", "least", "most");
        for (index, series) in self.series.iter().enumerate() {
            let [least, middle, most] =
                [0.0, 0.5, 1.0].map(|share| quantile(&series.turns, share) * series.unit.factor);
            let cell = |(reference, _): &(&str, _)| format!(" {:>10}", self.beside(series, reference));
            let ratios: String = self.references.iter().map(cell).collect();
            println!(
                "  {:<52} {middle:>10.2} {least:>10.2} {most:>10.2}{ratios}  {}",
                series.title, series.unit.name
            );
            let (key, comma) = (&series.key, if index + 1 < self.series.len() { "," } else { "" });
            let turns: Vec<_> = series.turns.iter().map(|turn| format!("{turn:e}")).collect();
            writeln!(json, "    {key:?}: [{}]{comma}", turns.join(", "))?;
        }
        println!();
        writeln!(json, "  }},\n  \"bars\": [")?;
        let mut missed = Vec::new();
        for (index, bar) in bars.iter().enumerate() {
            let ratio = self.figure(bar);
            let holds = bar.bound.holds(ratio);
            let (word, limit) = (if holds { "ok" } else { "MISS" }, bar.bound.words());
            println!("  {:<52} {ratio:>10.3}  {limit:<14} {word}", bar.title);
            let comma = if index + 1 < bars.len() { "," } else { "" };
            writeln!(
                json,
                "    {{ \"title\": {:?}, \"measured\": {ratio:.4}, \"bound\": {limit:?}, \"holds\": {holds} }}{comma}",
                bar.title
            )?;
            missed.extend((!holds).then_some(bar.title));
        }
        json.push_str("  ]\n}\n");
        let path = workspace::target_dir()?.join("bench").join(self.name).with_extension("json");
        fs::write(&path, json).with_context(|| format!("writing {}", path.display()))?;
        println!("  every turn: {}\n", path.display());
        ensure!(missed.is_empty(), "missed: {}", missed.join("; "));
        Ok(())
    }

    /// What a bar is about.
    fn figure(&self, bar: &Bar) -> f64 {
        match (bar.to, self.find(bar.of)) {
            (Some(to), _) => self.ratio(bar.of, to),
            (None, Some(of)) => quantile(&of.turns, 0.5) * of.unit.factor,
            (None, None) => f64::NAN,
        }
    }

    /// What the column of a reference says of a row: nothing where they are of different things.
    fn beside(&self, row: &Series, reference: &str) -> String {
        let alike = self.find(reference).is_some_and(|reference| reference.unit.name == row.unit.name);
        if alike { format!("{:.2}", self.ratio(&row.key, reference)) } else { String::new() }
    }

    /// How many times another series one is; not a number where one of them was not measured.
    fn ratio(&self, of: &str, to: &str) -> f64 {
        let (Some(of), Some(to)) = (self.find(of), self.find(to)) else { return f64::NAN };
        let ratios: Vec<f64> = of.turns.iter().zip(&to.turns).map(|(of, to)| of / to).collect();
        quantile(&ratios, 0.5)
    }

    fn find(&self, key: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.key == key)
    }
}

impl Bound {
    fn holds(self, ratio: f64) -> bool {
        match self {
            Self::Least(least) => ratio >= least,
            Self::Most(most) => ratio <= most,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Least(least) => format!("at least {least}"),
            Self::Most(most) => format!("at most {most}"),
        }
    }
}

/// The figure below which so large a share of the others lies; not a number where there are none.
fn quantile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * share).round() as usize).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Unit = Unit { name: "", factor: 1.0 };

    #[test]
    fn a_ratio_is_that_within_the_turns() {
        let mut report = Report::new("test", &[]);
        report.series("of", "", PLAIN);
        report.series("to", "", PLAIN);
        // One turn was disturbed, and the machine changed its pace: the ratio of the medians would be 0.4.
        for (of, to) in [(2.0, 1.0), (4.0, 2.0), (1.0, 50.0), (20.0, 10.0), (200.0, 100.0)] {
            report.turn("of", of);
            report.turn("to", to);
        }
        let bar = |to, bound| Bar { title: "", of: "of", to, bound };
        assert!((report.figure(&bar(Some("to"), Bound::Least(1.0))) - 2.0).abs() < 1e-9);
        assert!((report.figure(&bar(None, Bound::Least(1.0))) - 4.0).abs() < 1e-9);
        assert!(report.figure(&bar(Some("unheard of"), Bound::Least(1.0))).is_nan());
    }

    #[test]
    fn a_row_has_no_ratio_to_a_reference_of_another_unit() {
        let mut report = Report::new("test", &[]);
        for (key, unit, figure) in [("rate", "MH/s", 2.0), ("half", "MH/s", 1.0), ("start", "ms", 50.0)] {
            report.series(key, "", Unit { name: unit, factor: 1.0 });
            report.turn(key, figure);
        }
        let cell = |key, reference| report.beside(report.find(key).expect("a row"), reference);
        assert_eq!(cell("half", "rate"), "0.50");
        assert_eq!(cell("start", "rate"), "");
        assert_eq!(cell("half", "unheard of"), "");
    }

    #[test]
    fn a_bound_is_kept_exactly_and_what_was_not_measured_keeps_none() {
        assert!(Bound::Least(2.0).holds(2.0) && !Bound::Least(2.0).holds(1.99));
        assert!(Bound::Most(2.0).holds(2.0) && !Bound::Most(2.0).holds(2.01));
        assert!(!Bound::Most(2.0).holds(f64::NAN) && !Bound::Least(2.0).holds(f64::NAN));
    }
}
