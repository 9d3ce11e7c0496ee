//! What kind of movement a message tells of.
use super::words::{self, has};

/// Which way money goes, or how it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It left an account.
    Debit,
    /// It came to an account, back from a seller too.
    Credit,
    /// A seller's invoice.
    Invoice,
    /// Something is to be paid by a day.
    Bill,
    /// Something that is paid again and again.
    Subscription,
    /// Any other payment: receipts, orders, tickets.
    Transaction,
}

impl Kind {
    /// Its name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
            Self::Invoice => "invoice",
            Self::Bill => "bill",
            Self::Subscription => "subscription",
            Self::Transaction => "transaction",
        }
    }

    /// By the sentence of the amount, then by the subject, then by the whole text; all in lower case. `None` where nothing speaks of
    /// payment.
    pub fn of(sentence: &str, subject: &str, text: &str) -> Option<Self> {
        let told = |place: &str, all: bool| {
            let ways: [(Self, &str); 6] = [
                (Self::Credit, words::CREDIT),
                (Self::Debit, words::DEBIT),
                (Self::Subscription, words::SUBSCRIPTION),
                (Self::Invoice, words::INVOICE),
                (Self::Bill, words::BILL),
                (Self::Transaction, words::PAID),
            ];
            let ways = if all { &ways[..] } else { &ways[..2] };
            ways.iter().find(|(_, words)| has(place, words)).map(|(kind, _)| *kind)
        };
        // A receipt that says "total" in one line says what it is in another.
        told(sentence, false).or_else(|| told(subject, true)).or_else(|| told(sentence, true)).or_else(|| {
            let ways = [(Self::Invoice, words::INVOICE), (Self::Transaction, words::PAID)];
            ways.into_iter().find(|(_, words)| has(text, words)).map(|(kind, _)| kind)
        })
    }
}
