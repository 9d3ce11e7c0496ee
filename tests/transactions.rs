//! What a message says about money: amounts as people write them, and which of them moved.
use nightlatch::commands::transactions::{Letter, amounts, find, mailbox_name, safe_cell, text_of};

/// What is found in `text`, as in "INR 500.00".
fn found(text: &str) -> Vec<String> {
    amounts(text).into_iter().map(|(_, money)| format!("{} {}", money.currency, money.amount)).collect()
}

#[test]
fn an_amount_is_read_as_people_write_it() {
    for (text, amount) in [
        ("₹1,23,456.78", "INR 123456.78"),
        ("Rs. 500", "INR 500.00"),
        ("Rs.500/- only", "INR 500.00"),
        ("INR 1200", "INR 1200.00"),
        ("$1,234.50", "USD 1234.50"),
        ("1.234,50 €", "EUR 1234.50"),
        ("1 234,50 €", "EUR 1234.50"),
        ("1\u{202f}234,50\u{a0}€", "EUR 1234.50"),
        ("€ 12", "EUR 12.00"),
        ("EUR 12,-", "EUR 12.00"),
        ("12,- €", "EUR 12.00"),
        ("89,90 EUR", "EUR 89.90"),
        ("USD 12", "USD 12.00"),
        ("USD12.5", "USD 12.50"),
        ("£0.99", "GBP 0.99"),
        ("-£42.00", "GBP 42.00"),
        ("CHF 1'234.50", "CHF 1234.50"),
        ("CHF 88.-", "CHF 88.00"),
        ("CHF 1’234’567.80", "CHF 1234567.80"),
        ("¥12,800", "JPY 12800"),
        ("12,800円", "JPY 12800"),
        ("JPY 980", "JPY 980"),
        ("$12.00 CAD", "CAD 12.00"),
        ("A$7.20", "AUD 7.20"),
        ("US$1.000,00", "USD 1000.00"),
        ("USD 1.234", "USD 1234.00"),
        ("20 euros", "EUR 20.00"),
        ("(price: $5.00)", "USD 5.00"),
        ("paid $429.50.", "USD 429.50"),
    ] {
        assert_eq!(found(text), [amount], "{text}");
    }
}

#[test]
fn each_mark_belongs_to_one_number() {
    assert_eq!(found("20 € 30 €"), ["EUR 20.00", "EUR 30.00"]);
    assert_eq!(found("€20 €30"), ["EUR 20.00", "EUR 30.00"]);
    assert_eq!(found("2 x Lantern, red $39.98\nTax $3.68"), ["USD 39.98", "USD 3.68"]);
    assert_eq!(found("on 7.1.2026 CHF 45.00 and 3 EUR"), ["CHF 45.00", "EUR 3.00"]);
}

#[test]
fn what_only_looks_like_an_amount_is_none() {
    for text in [
        "",
        "Account 50100234567890",
        "sort code 20-45-45, account 12345678",
        "at 12:30, table 4",
        "24 hrs 500 people",
        "$4.2 million",
        "$50k",
        "₹5 lakh",
        "10.5% a year",
        "USD 1.0834",
        "INR 601738220915",
        "A/c XX4821",
        "$0.00",
        "JPY 12.50",
        "EUR 1,2,3",
        "ref EUR-2026-0047",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

fn letter(subject: &str, text: &str) -> Letter {
    Letter { sender: "Sender".into(), subject: subject.into(), text: text.into(), ..Letter::default() }
}

/// Kind, amount and the other one, as in "debit INR 500.00 Chai Corner".
fn told(subject: &str, text: &str) -> String {
    find(&letter(subject, text)).map_or("nothing".into(), |one| {
        format!("{} {} {} {}", one.kind.as_str(), one.money.currency, one.money.amount, one.counterparty)
    })
}

#[test]
fn the_amount_that_moved_is_told_from_those_around_it() {
    for (subject, text, row) in [
        (
            "Alert",
            "Rs. 500 debited from A/c no. XX12 at CHAI CORNER. Avl Bal: Rs. 9,000.00",
            "debit INR 500.00 CHAI CORNER",
        ),
        ("Alert", "Avl bal $90.00 after you spent $10.00 at NOOK", "debit USD 10.00 NOOK"),
        ("Money in", "You received £42.50 from J WHITCOMBE. Balance £99.00", "credit GBP 42.50 J WHITCOMBE"),
        ("Receipt", "Lamp $40.00\nSubtotal $40.00\nShipping $6.00\nTotal $46.00", "transaction USD 46.00 Sender"),
        ("Receipt", "Total\n$46.00", "transaction USD 46.00 Sender"),
        ("Receipt", "You paid $20.00 and saved $5.00", "transaction USD 20.00 Sender"),
        ("Your bill", "New balance $80.00\nMinimum payment $25.00\nAmount due $80.00", "bill USD 80.00 Sender"),
        ("Invoice 7", "Net $10.00\nVAT $2.00\nInvoice total $12.00", "invoice USD 12.00 Sender"),
        ("Ihre Rechnung", "Netto 100,00 €\nMwSt 19,00 €\nGesamtbetrag 119,00 €", "invoice EUR 119.00 Sender"),
        ("Renewed", "Your subscription renewed. We charged $9.99.", "subscription USD 9.99 Sender"),
        ("Refund", "A refund of $5.00 was posted.", "credit USD 5.00 Sender"),
        ("Reversal", "Your payment of Rs.75 failed and Rs.75 has been reversed.", "credit INR 75.00 Sender"),
    ] {
        assert_eq!(told(subject, text), row, "{subject}: {text}");
    }
}

#[test]
fn where_no_money_moved_nothing_is_told() {
    for (subject, text) in [
        ("Save $50 this weekend", "Save $50 on every order over $200."),
        ("Your code", "482913 is your OTP for the transaction of Rs 4,999.00."),
        ("Balance", "Available balance is INR 1,45,713.56."),
        ("Payment declined", "Your card was declined for $89.00."),
        ("Payment", "Your payment of Rs 2,000.00 failed."),
        ("Points", "12,500 points are worth up to $125."),
        ("New lanterns", "Red lantern $19.99"),
        ("Lunch?", "Bring $5.00!"),
        ("Limit", "Your credit limit is now $9,000.00."),
        ("Request", "Lena requests CHF 45.00 from you for the payment."),
    ] {
        assert_eq!(told(subject, text), "nothing", "{subject}: {text}");
    }
}

#[test]
fn a_bank_may_warn_of_codes_and_still_tell_of_money() {
    for text in [
        "Rs. 500 debited at CHAI CORNER.\nNever share your OTP 123456 with anyone.",
        "Rs. 500 debited at CHAI CORNER, call 1800 209 if it was not you",
    ] {
        assert_eq!(told("Alert", text), "debit INR 500.00 CHAI CORNER", "{text}");
    }
}

#[test]
fn no_text_of_a_stranger_stops_it() {
    let parts = [
        "$", "€", "Rs.", "CHF", "¥", "1", "000", "234", ".", ",", "'", " ", "\u{a0}", "\u{2003}", "\n", "-", ",-",
        "/-", "(", "İ", "\u{212a}", "ß", "é", "合計", "total ", "paid ", " at ", " to Bob", "。", ". ", "refund", "X",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(parts[(state >> 33) as usize % parts.len()]);
        }
        find(&letter("Your receipt", &text));
    }
    for endless in ["$1 paid ", "000 ", "1'", "$", "total $1,", "Rs. ", "1.", "paid $1\u{a0}", " at x"] {
        find(&letter("$1 debited", &format!("$1 debited{}", endless.repeat(100_000 / endless.len()))));
    }
}

#[test]
fn cells_and_lines_of_html_are_apart() {
    let text = text_of(
        "<p>Hi</p><table><tr><td>Total</td><td>5,00&nbsp;&euro;</td><td>3</td></tr><tr><td>Tax</td></tr></table>",
    );
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["Hi", "Total 5,00 € 3", "Tax"]);
    assert_eq!(found(&text_of("<td>2</td><td>389 &#36;</td>")), ["USD 389.00"]);
    assert_eq!(text_of("<p>368,90&nbsp;&euro;</p>").trim(), "368,90\u{a0}€");
    for broken in ["<", "<td", "a <b", "</", "<é>", "&;", "<!-- <td>"] {
        text_of(broken);
    }
}

#[test]
fn no_spreadsheet_runs_a_cell() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
        assert_eq!(safe_cell(formula), format!("'{formula}"));
    }
    assert_eq!(safe_cell("Tea & cake = 5"), "Tea & cake = 5");
}

#[test]
fn a_mailbox_is_named_as_imap_names_it() {
    // RFC 3501, 5.1.3.
    assert_eq!(mailbox_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    assert_eq!(mailbox_name("Tea & cake"), "Tea &- cake");
    assert_eq!(mailbox_name("Größe"), "Gr&APYA3w-e");
    assert_eq!(mailbox_name("INBOX"), "INBOX");
}

#[test]
fn a_letter_is_read_whatever_it_is_written_in() {
    let read = |raw: &[u8]| {
        Letter::read(raw, None).map(|letter| (letter.sender, letter.subject, letter.text.trim().to_owned()))
    };
    let head = "From: =?utf-8?B?w4RubmU=?= <a@letters.example>\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n";
    let words = |text: &str| Ok(("Änne".to_owned(), "Grüße".to_owned(), text.to_owned()));
    let quoted = format!(
        "{head}Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=80 5"
    );
    assert_eq!(read(quoted.as_bytes()), words("€ 5"));
    let base64 = format!(
        "{head}Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+JDU8L2I+"
    );
    assert_eq!(read(base64.as_bytes()), words("$5"));
    let nested = format!(
        "{head}Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\n$5\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n--b--\r\n--a--\r\n"
    );
    assert_eq!(read(nested.as_bytes()), words("$5"));
    assert!(read(b"\xff\xfe no header at all").is_err());
    let bare = Letter::read(format!("{head}\r\n").as_bytes(), None).unwrap();
    assert_eq!((bare.at, bare.id.as_str(), bare.text.as_str()), (None, "", ""));
}
