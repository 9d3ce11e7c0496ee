"""What strangers' mail may do to the rules: the first twelve were written before them, and the rules learned from what they got wrong."""

from banks import table
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
        row=("transaction", "1150.00", "GBP", "Mrs Okafor"), got=None,
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
    Message(
        ("Ostfjord Bank", "varsel@ostfjord.example"), "Your card was used",
        "Card *6612 was used for a payment of NOK 349.00 at FJELLSPORT on 16 Jan. Balance after it: NOK 8,120.40.",
        row=("debit", "349.00", "NOK", "FJELLSPORT"), zone=60,
    ),
    Message(
        ("Quayside Parking", "noreply@quayside.example"), "Parking session ended",
        html=table(["Bay 14", "2 h 10 min"], ["Parking", "£6.40"], ["Service charge", "£0.30"], ["Charged to your card", "£6.70"]),
        row=("transaction", "6.70", "GBP", "Quayside Parking"),
    ),
    Message(
        ("Sarita Iyer", "sarita@letters.example"), "UPI done",
        "Sent you Rs 850 for the dinner just now, check please :)",
        row=("credit", "850.00", "INR", "Sarita Iyer"),
    ),
    Message(
        ("Tannenhof Hotel", "rezeption@tannenhof.example"), "Buchungsbestätigung 2 Nächte",
        "Vielen Dank für Ihre Buchung.\n\n2 Nächte im Doppelzimmer je 118,00 €\nKurtaxe 7,20 €\nGesamtpreis 243,20 €\nAnzahlung: keine",
        row=("transaction", "243.20", "EUR", "Tannenhof Hotel"), zone=60,
    ),
    Message(
        ("Pixelforge", "billing@pixelforge.example"), "Your free trial ends tomorrow",
        "Your plan will renew at $79.00 per year unless you cancel. Today you pay nothing.",
    ),
    Message(
        ("Meridian Trust", "no-reply@meridiantrust.example"), "Scheduled transfer completed",
        "Your transfer of $400.00 to SAVINGS 2210 is complete. Checking balance: $2,411.04.",
        row=("debit", "400.00", "USD", "SAVINGS 2210"), zone=-300,
    ),
    Message(
        ("Thames & Tide Bank", "alerts@thamestide.example"), "Is this you?",
        "We stopped a payment of £640.00 to TECHDEAL LTD. Reply Y if it was you.",
    ),
    Message(
        ("Cloudkeep", "billing@cloudkeep.example"), "Invoice INV-2026-0114 is overdue",
        "Invoice INV-2026-0114 over USD 24.60 was due on 27 January. Late fees of USD 5.00 may apply.",
        row=("invoice", "24.60", "USD", "Cloudkeep"),
    ),
    Message(
        ("Villa Levante", "stay@levante.example"), "How was your stay?",
        "Rate us and win a voucher over €200. Guests paid from €90 a night this winter.",
    ),
    Message(
        ("Mori Coffee", "hello@mori.example"), "Thanks for your order #221",
        html=table(["Beans 1 kg", "¥3,200"], ["Filter", "¥480"], ["You paid", "¥3,680"], ["You earned", "36 points"]),
        row=("transaction", "3680", "JPY", "Mori Coffee"), zone=540,
    ),
]
