//! The words that the rules look for: English, and the commonest of German, French and Japanese. All are in lower case.

/// Whether `text`, in lower case, holds one of `words` as a word of its own. One that ends in `*` may go on; signs of Japanese are not
/// parted by spaces and may stand anywhere.
pub fn has(text: &str, words: &str) -> bool {
    words.split(", ").any(|word| {
        let (word, open) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        let anywhere = !word.starts_with(|c: char| c.is_alphabetic() && c < '\u{3000}');
        let free = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        text.match_indices(word).any(|(at, _)| {
            let (before, behind) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
            anywhere || free(before) && (open || free(behind))
        })
    })
}

/// Beside an amount: what is there, allowed, saved or a part, and did not move.
pub const STILL_BEFORE: &str = "\
    balance, bal, avl, avail, available, limit, outstanding, remaining, left, save*, saving*, up to, upto, \
    discount*, voucher, coupon, points, worth, at least, orders over, order over, purchases over, purchases of, \
    spend, more than, minimum, min, subtotal, sub-total, shipping, delivery, tax, vat, gst, mwst, tva, tip, rrp, \
    from only, starting at, starting from, extra, win, prize, instead of, threshold, unit price, surcharge, \
    late fee*, fees, saldo, kontostand, verfügbar, verfügungsrahmen, rabatt, bis zu, statt, versand, versandkosten, \
    zwischensumme, solde, disponible, jusqu'à, remise, livraison, sous-total, 残高, ポイント, 送料, 小計";

/// The same, where nothing stands between them.
pub const STILL_AT_ONCE: &str = "\
    from, was, is now, only, just, above, below, each, per, ab, je, nur, dès, seulement";

/// Behind an amount: the same.
pub const STILL_BEHIND: &str = "\
    off, discount, voucher, coupon, or more, limit, points, each, gift card, bonus, saved, cheaper, balance, \
    available, rabatt, gutschein, de remise, a month, per month, /month, per kwh, pro";

/// Beside an amount that an "outstanding" or "balance" before it does not take away.
pub const DUE: &str = "\
    amount due, total due, balance due, amount payable, total payable, to pay, amount paid, you paid, total paid, \
    amount charged, total charged, payment due, please pay, bill amount, invoice amount, invoice total, zu zahlen, \
    zahlbetrag, rechnungsbetrag, nachzahlung, à payer, net à payer, montant dû, ご請求額, 請求金額, お支払い金額";

/// Before an amount that adds up others.
pub const TOTAL: &str = "\
    total, grand total, order total, gesamt, gesamtbetrag, gesamtpreis, summe, gesamtsumme, endbetrag, total ttc, \
    合計";

/// Money came.
pub const CREDIT: &str = "\
    credited, refund*, received from, you received, you have received, you've received, deposited, deposit of, \
    salary, reversed, reversal, sent you, paid you, cashback of, gutgeschrieben, gutschrift, erstattet, erstattung, \
    zahlungseingang, geldeingang, crédité, remboursé*, remboursement, virement reçu, 入金, 返金";

/// Money went, as a bank says it.
pub const DEBIT: &str = "\
    debited, withdrawn, withdrawal, spent, was used for, card purchase, purchase of, purchase at, transaction of, \
    transaction at, you sent, you've sent, you have sent, transferred, transfer of, transfer to, debit of, \
    money sent, lastschrift, abgebucht, belastet, kartenzahlung, überwiesen, débité, prélevé, prélèvement, \
    paiement par carte, retrait, ご利用, 引き落とし";

/// Something that is paid again and again.
pub const SUBSCRIPTION: &str = "\
    subscription*, membership, renewal, renewed, renews, auto-renew*, your plan, monthly plan, annual plan, abo, \
    abonnement, mitgliedschaft, mitgliedsbeitrag, 定期購読";

/// A seller asks for money by the book.
pub const INVOICE: &str = "\
    invoice*, rechnung*, facture*, factura, fattura, 請求書";

/// Something is to be paid.
pub const BILL: &str = "\
    bill, bills, statement, amount due, total due, balance due, due date, due by, due on, payment due, pay by, \
    to pay by, fällig*, zu zahlen, abrechnung, jahresabrechnung, échéance, à payer, ご請求*";

/// Something was bought or paid.
pub const PAID: &str = "\
    paid, charged, payment, payments, receipt, receipts, purchase, your order, order confirm*, order total, \
    booking, reservation, ticket, tickets, fare, billed, collected, transaction, donation, \
    thank you for your order, bezahlt, zahlung*, bestellung*, beleg, quittung, buchung, kauf, billett*, fahrkarte*, \
    spende, payé, paiement, commande, reçu, achat, réservation, 注文, 領収*, 支払*";

/// It did not happen.
pub const FAILED: &str = "\
    declined, failed, unsuccessful, could not be, couldn't be, could not process, couldn't process, was not made, \
    was not processed, was not completed, was not carried out, was not charged, not been processed, not been completed, \
    not been charged, did not go through, didn't go through, rejected, bounced, insufficient, cancelled, canceled, \
    unable to, on hold, blocked, stopped, will renew*, will be renewed, will be charged, will be debited, \
    unless you cancel, trial, requested, requests, request for, will not be, won't be, abgelehnt, fehlgeschlagen, \
    nicht ausgeführt, nicht möglich, storniert, refusé, échoué, annulé*, 失敗";

/// A code to type.
pub const CODE: &str = "\
    otp, one-time password, one-time code, one-time passcode, one time password, verification code, security code, \
    passcode, confirmation code, einmalcode, einmalpasswort, tan, code à usage unique, code de vérification, 認証コード";

/// Said beside the name of a code by those who send none.
pub const WARNING: &str = "\
    never, do not share, don't share, not share, niemals, jamais, ask for, asks for";

/// Somebody wants to sell.
pub const ADVERT: &str = "\
    sale, deal, deals, offer, offers, % off, coupon, in your cart, in your basket, your cart, your basket, \
    pre-approved, preapproved, you qualify, last chance, price drop, price alert, giveaway, win, newsletter, quote, \
    estimate, angebot, angebote, kostenvoranschlag, rabatt, gewinnen, warenkorb, promo*, soldes, devis, offre, \
    wishlist, black friday, セール";
