//! QR codes as one path, for pages without scripts and pictures from elsewhere.
use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};
use serde_json::{Value, json};

use crate::accounts::Internal;

/// The light modules around a code without which cameras do not find it (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;

/// `text` as a code: the length of its side in modules, and the path of the dark ones. Each row is drawn in runs from left to right.
///
/// # Errors
/// The text is longer than a code can be.
pub fn drawn(text: &str) -> Result<Value, Internal> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let (width, modules) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (x, y, length) = (x + QUIET, y + QUIET, run.len());
                write!(path, "M{x} {y}h{length}v1h-{length}z")?;
            }
            x += run.len();
        }
    }
    Ok(json!({ "side": width + 2 * QUIET, "path": path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_draws_the_dark_modules_and_no_other() {
        let text =
            "otpauth://totp/localhost:ann%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=localhost";
        let (code, drawn) = (QrCode::with_error_correction_level(text, EcLevel::M).unwrap(), drawn(text).unwrap());
        let mut dark = vec![vec![false; code.width()]; code.width()];
        for run in drawn["path"].as_str().unwrap().split('z').filter(|run| !run.is_empty()) {
            let numbers: Vec<usize> =
                run.split(['M', ' ', 'h', 'v', '-']).filter_map(|part| part.parse().ok()).collect();
            let [x, y, length, 1, back] = numbers[..] else { panic!("{run}") };
            assert_eq!(length, back);
            dark[y - QUIET][x - QUIET..x - QUIET + length].fill(true);
        }
        let wanted: Vec<bool> = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        assert_eq!(dark.concat(), wanted);
        assert_eq!(drawn["side"], code.width() + 8);
    }
}
