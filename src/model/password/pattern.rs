//! Repeats and runs: the parts of a password that cost a guesser nothing.

use std::iter::successors;

use zeroize::Zeroizing;

use super::guess::{is_separator, trimmed};

/// Two in a row stand in most words; three, like the `rst` of first, in few, and only at the ends do they count.
const MIN_RUN: usize = 3;

/// Keys side by side on QWERTY, QWERTZ, AZERTY and Russian keyboards, by row, by column and on the number pad.
const KEYS: &str = "1234567890-= !@#$%^&*()_+ qwertyuiop[] asdfghjkl;' zxcvbnm,./ \
    qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn йцукенгшщзхъ фывапролджэ ячсмитьбю \
    1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik, 9ol. 0p;/ 147 258 369 159 357 741 852 963";

/// The text, then what is left each time a repeat or a run is taken away, down to what has neither.
pub fn stages(text: &[char]) -> impl Iterator<Item = &[char]> {
    successors(Some(text), |text| {
        repeated_piece(text).or_else(|| without_run(text)).or_else(|| is_zigzag(text).then_some(&[]))
    })
}

/// The piece that the whole text repeats, at least twice; between two there may be one other character.
fn repeated_piece(text: &[char]) -> Option<&[char]> {
    let length = text.len();
    let twice = |period: &usize| 2 * period <= length || *period > 2 && 2 * period == length + 1;
    let period = (1..length).take_while(twice).find(|&period| text[period..] == text[..length - period])?;
    // Without the dashes of `again-again-again`.
    Some(trimmed(&text[..period], |c| !is_separator(c)))
}

fn without_run(text: &[char]) -> Option<&[char]> {
    let length = text.len();
    let front = (1..=length).take_while(|&n| is_run(&text[..n])).last().unwrap_or(0);
    if front >= MIN_RUN {
        return Some(&text[front..]);
    }
    let back = (1..=length).take_while(|&n| is_run(&text[length - n..])).last().unwrap_or(0);
    (back >= MIN_RUN).then(|| &text[..length - back])
}

fn is_run(piece: &[char]) -> bool {
    let all =
        |step: i64| piece.windows(2).all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == step);
    let alphabetic = || piece.iter().all(|c| c.is_alphanumeric()) && (all(1) || all(-1));
    all(0) || alphabetic() || is_on_keys(piece)
}

fn is_on_keys(piece: &[char]) -> bool {
    let mut there = Zeroizing::new(String::with_capacity(4 * piece.len()));
    let mut back = Zeroizing::new(String::with_capacity(4 * piece.len()));
    there.extend(piece);
    back.extend(piece.iter().rev());
    // A space stands between the rows.
    !there.contains(' ') && (KEYS.contains(there.as_str()) || KEYS.contains(back.as_str()))
}

/// Two texts of runs, interleaved: `1q2w3e4r5t6y`, `112233445566`.
fn is_zigzag(text: &[char]) -> bool {
    text.len() >= 2 * MIN_RUN
        && [0, 1].into_iter().all(|first| {
            let half: Zeroizing<Vec<char>> = Zeroizing::new(text[first..].iter().step_by(2).copied().collect());
            successors(Some(&half[..]), |text| without_run(text)).last().is_some_and(<[char]>::is_empty)
        })
}
