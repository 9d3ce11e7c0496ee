"""What five banks and a wallet write."""

from message import Message

SAFFRON = ("Saffron Bank", "alerts@saffronbank.example")
MERIDIAN = ("Meridian Trust", "no-reply@meridiantrust.example")
HANSA = ("Hansa Sparbank", "service@hansasparbank.example")
THAMES = ("Thames & Tide Bank", "alerts@thamestide.example")
MIZUHA = ("みずは銀行", "info@mizuha.example")
POCKET = ("Pocketly", "hello@pocketly.example")


def table(*rows):
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><head><style>td {{ color: #123456 }}</style></head><body><table>{cells}</table></body></html>"


MESSAGES = [
    Message(
        SAFFRON, "Transaction alert for your account",
        "Dear Customer,\nRs. 500 has been debited from your A/c XX4821 on 02-01-26 to VPA chaicorner@okpay CHAI CORNER. UPI Ref No 600212345678.\n"
        "Avl Bal: Rs. 23,456.78\nNever share your OTP, PIN or CVV with anyone.",
        row=("debit", "500.00", "INR", "chaicorner@okpay CHAI CORNER"),
    ),
    Message(
        SAFFRON, "Your account is credited",
        "Dear Customer, INR 1,23,456.78 is credited to A/c XX4821 on 01-01-26 by NEFT from OMKAR TEXTILES PVT. Available balance INR 1,46,913.56.",
        row=("credit", "123456.78", "INR", "OMKAR TEXTILES PVT"),
    ),
    Message(
        SAFFRON, "Credit card spend alert",
        html=table(["Dear Cardmember,"], ["₹1,299.00 spent on your card ending 0097 at BOOKNOOK INDIA on 03-Jan-2026 19:42."],
                   ["Available limit", "₹88,701.00"], ["Total limit", "₹90,000.00"]),
        row=("debit", "1299.00", "INR", "BOOKNOOK INDIA"),
    ),
    Message(
        SAFFRON, "Statement of your card ending 0097",
        html=table(["Statement date", "05 Jan 2026"], ["Total amount due", "₹12,450.35"], ["Minimum amount due", "₹622.00"],
                   ["Payment due date", "25 Jan 2026"], ["Credit limit", "₹90,000.00"]),
        row=("bill", "12450.35", "INR", "Saffron Bank"),
    ),
    Message(
        SAFFRON, "ATM withdrawal",
        "INR 1200 withdrawn from A/c XX4821 at ATM S1ANMG22 on 06-01-26. Bal INR 1,45,713.56. Call 1800 209 0000 if it was not you.",
        row=("debit", "1200.00", "INR", "ATM S1ANMG22"),
    ),
    Message(
        SAFFRON, "Reversal of a failed payment",
        "Dear Customer, your UPI payment of Rs.750.00 failed and Rs.750.00 has been reversed to A/c XX4821. Ref 600812349999.",
        row=("credit", "750.00", "INR", "Saffron Bank"),
    ),
    Message(
        MERIDIAN, "Debit card transaction",
        "Hi Ann,\n\nYou spent $1,234.50 at NORTHWIND BIKES on January 7.\n\nAvailable balance: $2,811.04\nQuestions? Call 800-555-0199.",
        row=("debit", "1234.50", "USD", "NORTHWIND BIKES"), zone=-300,
    ),
    Message(
        MERIDIAN, "Direct deposit received",
        html=table(["Good news, Ann."], ["A deposit of $3,120.00 from CEDAR STUDIOS LLC is in your account ending in 7788."], ["New balance", "$5,931.04"]),
        row=("credit", "3120.00", "USD", "CEDAR STUDIOS LLC"), zone=-300,
    ),
    Message(
        MERIDIAN, "Your credit card bill is ready",
        "Your January bill is ready.\n\nNew balance: $845.10\nMinimum payment: $35.00\nAmount due: $845.10\nDue date: 02/01/2026",
        row=("bill", "845.10", "USD", "Meridian Trust"), zone=-300,
    ),
    Message(
        MERIDIAN, "Refund posted",
        "A refund of $64.99 from PAPER LANTERN was posted to your card ending in 7788. Available credit: $4,154.90.",
        row=("credit", "64.99", "USD", "PAPER LANTERN"), zone=-300,
    ),
    Message(
        HANSA, "Umsatzbenachrichtigung: Lastschrift",
        "Guten Tag,\n\nvon Ihrem Konto DE02 1203 0000 0000 2020 51 wurden 1.234,50 € abgebucht.\nEmpfänger: Kontor Immobilien\n\nIhr Kontostand: 2.210,07 €",
        row=("debit", "1234.50", "EUR", "Hansa Sparbank"), charset="iso-8859-15", zone=60,
    ),
    Message(
        HANSA, "Umsatzbenachrichtigung: Gutschrift",
        html=table(["Auf Ihrem Konto wurden 89,90 EUR gutgeschrieben"], ["Auftraggeber", "Schuhhaus Brandt"], ["Kontostand", "2.299,97 EUR"]),
        row=("credit", "89.90", "EUR", "Hansa Sparbank"), charset="iso-8859-1", zone=60,
    ),
    Message(
        HANSA, "Kartenzahlung über EUR 12,-",
        "Ihre Kartenzahlung bei Café Möwe über EUR 12,- wurde ausgeführt. Verfügbar: 2.287,97 EUR.",
        row=("debit", "12.00", "EUR", "Café Möwe"), charset="windows-1252", zone=60,
    ),
    Message(
        THAMES, "You've sent a payment",
        "You sent £250.00 to Mr P Hollis on 9 January. Reference: DEPOSIT. Your balance is £1,908.22.",
        row=("debit", "250.00", "GBP", "Mr P Hollis"),
    ),
    Message(
        THAMES, "Money in",
        "You received £42.50 from J WHITCOMBE at 18:02. Your balance is now £1,950.72.",
        row=("credit", "42.50", "GBP", "J WHITCOMBE"),
    ),
    Message(
        THAMES, "Contactless spend",
        html=table(["You spent £3.20 at TFT TRAVEL on 10 Jan."], ["Account ending 3003"], ["Balance", "£1,947.52"]),
        row=("debit", "3.20", "GBP", "TFT TRAVEL"),
    ),
    Message(
        MIZUHA, "【みずは銀行】デビットカードご利用のお知らせ",
        "デビットカードのご利用がありました。\n\nご利用金額：12,800円\nご利用先：ヤマネ書店\n残高：345,600円",
        row=("debit", "12800", "JPY", "みずは銀行"), charset="shift_jis", zone=540,
    ),
    Message(
        MIZUHA, "【みずは銀行】入金のお知らせ",
        "口座に ¥250,000 の入金がありました。\n残高 ¥595,600",
        row=("credit", "250000", "JPY", "みずは銀行"), charset="iso-2022-jp", zone=540,
    ),
    Message(
        POCKET, "Lena sent you money",
        html="<div>Lena Roth sent you <b>CHF 45.00</b></div><div>for &ldquo;pizza&rdquo;</div><div>Your balance: CHF 1'234.50</div>",
        row=("credit", "45.00", "CHF", "Pocketly"), zone=60,
    ),
    Message(
        POCKET, "You paid Velo Keller",
        "You paid CHF 1'234.50 to Velo Keller.\nFee: CHF 0.00\nTransaction ID 8800123400",
        row=("transaction", "1234.50", "CHF", "Pocketly"), zone=60,
    ),
]
