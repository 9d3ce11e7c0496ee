//! Bars of a chart, as SVG paths draw them (SVG 1.1, 8.3): no script, and no more bytes than needed.
use serde_json::{Value, json};

/// What a bar takes of the width, and what it leaves before the next one.
const BAR: usize = 7;
const GAP: usize = 3;

/// The height of a chart. It is stretched to the room there is.
const HEIGHT: f64 = 100.0;

/// The least height of a bar that is not nothing, so that it is seen.
const LEAST: f64 = 1.5;

/// A chart of `up`, above its line, and of `down`, below it, to one scale: how wide it is, where its line is, and its bars.
pub fn chart(up: &[i64], down: &[i64]) -> Value {
    let highest = |values: &[i64]| values.iter().copied().max().unwrap_or(0).max(0) as f64;
    let (above, below) = (highest(up), highest(down));
    let scale = (HEIGHT - 2.0 * LEAST) / (above + below).max(1.0);
    let line = if below > 0.0 { above * scale + LEAST } else { HEIGHT - LEAST };
    json!({
        "width": up.len() * (BAR + GAP),
        "line": format!("{line:.1}"),
        "up": bars(up, scale, line, -1.0),
        "down": bars(down, scale, line, 1.0),
    })
}

fn bars(values: &[i64], scale: f64, line: f64, direction: f64) -> String {
    let bars = values.iter().enumerate().filter(|(_, value)| **value > 0);
    let bar = |(place, value): (usize, &i64)| {
        let height = (*value as f64 * scale).max(LEAST) * direction;
        format!("M{} {line:.1}h{BAR}v{height:.1}h-{BAR}z", place * (BAR + GAP))
    };
    bars.map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_chart_to_one_scale_and_the_least_is_seen() {
        let drawn = chart(&[0, 10, 1], &[0, 0, 5]);
        assert_eq!((&drawn["width"], &drawn["line"]), (&json!(30), &json!("66.2")));
        assert_eq!(drawn["up"], "M10 66.2h7v-64.7h-7zM20 66.2h7v-6.5h-7z");
        assert_eq!(drawn["down"], "M20 66.2h7v32.3h-7z");
        let tiny = chart(&[100_000, 1], &[]);
        assert_eq!(tiny["up"], "M0 98.5h7v-97.0h-7zM10 98.5h7v-1.5h-7z");
        assert_eq!((&chart(&[], &[])["up"], &chart(&[0, 0], &[0, 0])["up"]), (&json!(""), &json!("")));
    }
}
