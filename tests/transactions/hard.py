"""Written before the rules, which were not made to fit them: what strangers' mail may do to them."""

from message import Message

MESSAGES = [
    Message(
        ("Lindqvist Guitars", "shop@lindqvist.example"), "Thanks, Ann! Order LG-20417",
        "Hi Ann,\n\nwe are stringing it up right now.\n\n1 x Parlour guitar, cedar   $389.00\n1 x Gig bag                 $42.50\n"
        "Shipping                    $18.00\nDiscount SPRING             -$20.00\nYou paid                    $429.50\n\nBye, Per",
        row=("transaction", "429.50", "USD", "Lindqvist Guitars"),
    ),
    Message(
        ("Kestrel Credit Union", "alerts@kestrelcu.example"), "Card purchase over your alert amount",
        "A purchase of $212.09 was made with your card ending in 4410 at PINE HARDWARE on Jan 14. You asked to hear of purchases over $100.00. "
        "Available balance: $3,410.77.",
        row=("debit", "212.09", "USD", "PINE HARDWARE"),
    ),
    Message(
        ("Mrs Okafor", "okafor@letters.example"), "Rent January",
        "Dear Ann, the rent of £1,150 came in this morning, thank you. The receipt is in the hall.\nBest, Ngozi",
        row=("transaction", "1150.00", "GBP", "Mrs Okafor"),
    ),
    Message(
        ("Stadtwerke Ahlen", "kunden@swahlen.example"), "Ihre Jahresabrechnung 2025",
        "Guten Tag,\n\nIhr Verbrauch: 2.310 kWh\nKosten gesamt: 812,40 €\nGeleistete Abschläge: 780,00 €\nNachzahlung: 32,40 €\n"
        "Bitte überweisen Sie die Nachzahlung bis zum 15.02.2026.",
        row=("bill", "32.40", "EUR", "Stadtwerke Ahlen"),
    ),
    Message(
        ("Saffron Bank", "noreply@saffronbank.example"), "UPI txn on your account",
        html="<html><body><table><tr><td>Dear Customer,</td></tr><tr><td>Thank you for using UPI. Your account XX7731 has been debited by "
        "INR 2,450.00 towards VPA meenakidairy@upi on 17-01-26. UPI ref 601738220915.</td></tr>"
        "<tr><td>Not you? Forward this to 5676.</td></tr></table></body></html>",
        row=("debit", "2450.00", "INR", "meenakidairy@upi"),
    ),
    Message(
        ("Tidal Gym", "members@tidalgym.example"), "We have taken your January direct debit",
        "Your membership fee of GBP 34.99 was collected on 2 January. Bring a friend before 31 January and both of you get £10 off.",
        row=("subscription", "34.99", "GBP", "Tidal Gym"),
    ),
    Message(
        ("Hoshi Denki", "info@hoshidenki.example"), "ご注文の確認 H-5521",
        "アン様\n\nご注文ありがとうございます。\n\n電気ケトル  ¥4,980\n送料  ¥550\nお支払い合計  ¥5,530\n\nほしでんき",
        row=("transaction", "5530", "JPY", "Hoshi Denki"), charset="iso-2022-jp", zone=540,
    ),
    Message(
        ("Alpenbahn", "ticket@alpenbahn.example"), "Dein Billett Zürich – Chur",
        html="<p>Danke für deinen Kauf.</p><p>Billett 2. Klasse, Halbtax<br>Preis CHF 20.80 inkl. 8.1% MWST (CHF 1.56)</p><p>Gute Reise</p>",
        row=("transaction", "20.80", "CHF", "Alpenbahn"), zone=60,
    ),
    # Nothing was paid in the rest.
    Message(
        ("Lindqvist Guitars", "shop@lindqvist.example"), "You left something behind",
        "The parlour guitar for $389.00 is still in your cart. Total $389.00. Order today and it ships for free!",
    ),
    Message(
        ("Kestrel Credit Union", "news@kestrelcu.example"), "You are pre-approved",
        "Ann, you qualify for a loan of up to $15,000 with monthly payments from $289. Apply by Jan 31; your first payment is due in March.",
    ),
    Message(
        ("Saffron Bank", "noreply@saffronbank.example"), "Your standing instruction was not carried out",
        "Dear Customer, the payment of Rs. 1,299 to CINEBOX could not be made for want of funds. Please add money and try again.",
    ),
    Message(
        ("Aunt Rosa", "rosa@letters.example"), "Sunday",
        "Ann dear, can you believe it, the ferry is €45 now and I paid 30 last year! Bring nothing, the cake is done. Kisses",
    ),
]
