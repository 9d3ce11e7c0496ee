//! Which of the amounts in a message moved, if any did. The README tells the rules.
use std::cmp::Reverse;

use super::{
    amounts::Money,
    clause::{Clause, clauses},
    kind::Kind,
    letter::Letter,
    party,
    words::{self, has},
};

/// What a message tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its kind, which says the direction.
    pub kind: Kind,
    /// How much.
    pub money: Money,
    /// Who the other one is.
    pub counterparty: String,
}

/// The transaction that `letter` tells of.
pub fn find(letter: &Letter) -> Option<Transaction> {
    let text = format!("{}\n\n{}", letter.subject, letter.text);
    let (subject, lower) = (letter.subject.to_lowercase(), text.to_lowercase());
    if is_code(&lower) || has(&subject, words::ADVERT) {
        return None;
    }
    let mut moved: Vec<(Rank, Clause)> =
        clauses(&text).into_iter().filter_map(|one| Some((rank(&one)?, one))).collect();
    // Of totals the greatest, of others the first: what is added up comes before, and small print behind.
    moved.sort_by_key(|(rank, one)| {
        let sum = if *rank == Rank::Total { one.money.amount } else { 0.into() };
        (Reverse(*rank), Reverse(sum))
    });
    let (rank, best) = moved.first()?;
    let alone = moved.iter().all(|(_, one)| one.money == best.money);
    let kind = Kind::of(&best.whole, &subject, &lower)?;
    let refund = kind == Kind::Credit;
    if has(&best.whole, words::ADVERT) || !refund && (has(&best.whole, words::FAILED) || has(&subject, words::FAILED)) {
        return None;
    }
    // An amount of which its sentence says nothing is believed when there is no other and the subject speaks of payment.
    if *rank == Rank::Mentioned && !(alone && Kind::of("", &subject, "").is_some()) {
        return None;
    }
    let same = moved.iter().filter(|(_, one)| one.money == best.money);
    let named =
        same.filter_map(|(_, one)| party::named(kind, &text[one.sentence.clone()], &text[one.span.end..])).next();
    let counterparty = named.unwrap_or_else(|| letter.sender.clone());
    Some(Transaction { kind, money: best.money.clone(), counterparty })
}

/// How surely an amount is the one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It is there.
    Mentioned,
    /// Its sentence speaks of a payment.
    Moved,
    /// It adds up others.
    Total,
    /// It is what was or is to be paid.
    Due,
}

/// Begin another matter in the same sentence.
const AND: [&str; 4] = [" and ", " but ", " und ", " et "];

fn rank(one: &Clause) -> Option<Rank> {
    if has(&one.before, words::DUE) {
        return Some(Rank::Due);
    }
    let label = one.label.trim_end();
    let last = words::STILL_AT_ONCE.split(", ").any(|word| label.ends_with(word) && has(label, word));
    if last || has(label, words::STILL_BEFORE) || has(&one.tail, words::STILL_BEHIND) {
        return None;
    }
    if has(label, words::TOTAL) {
        return Some(Rank::Total);
    }
    // What is told behind an "and" is another matter.
    let behind = AND.iter().filter_map(|and| one.behind.find(and)).min().map_or(&*one.behind, |at| &one.behind[..at]);
    let near = format!("{} {behind}", one.before);
    let moves = [words::CREDIT, words::DEBIT, words::SUBSCRIPTION, words::INVOICE, words::BILL, words::PAID];
    Some(if moves.iter().any(|words| has(&near, words)) { Rank::Moved } else { Rank::Mentioned })
}

/// Whether it brings a code to type. Banks also warn of those who ask for one.
fn is_code(text: &str) -> bool {
    text.split(['\n', '.', '!', '?'])
        .any(|one| has(one, words::CODE) && !has(one, words::WARNING) && one.contains(|c: char| c.is_ascii_digit()))
}
