"""What shops, utilities and services write."""

from banks import table
from message import Message

MESSAGES = [
    Message(
        ("Brightwater Energy", "billing@brightwater.example"), "Your electricity bill for December",
        "Account number 4400-120-55\nUnits used: 312 kWh at £0.27 per kWh\n\nTotal to pay by 28 January: £96.74\n\nYou could save £120 a year with paperless billing.",
        row=("bill", "96.74", "GBP", "Brightwater Energy"),
    ),
    Message(
        ("Paper Lantern", "orders@paperlantern.example"), "Order confirmed: PL-10482",
        html=table(["Item", "Price"], ["2 x Lantern, red", "$39.98"], ["Subtotal", "$39.98"], ["Shipping", "$6.00"], ["Tax", "$3.68"], ["Order total", "$49.66"]),
        row=("transaction", "49.66", "USD", "Paper Lantern"), zone=-480,
    ),
    Message(
        ("Paper Lantern", "orders@paperlantern.example"), "Your refund is on its way",
        "Hi Ann,\n\nwe have refunded $19.99 to your card for the lantern that broke. It takes 3 to 5 days.",
        row=("credit", "19.99", "USD", "Paper Lantern"), zone=-480,
    ),
    Message(
        ("Cinebox", "info@cinebox.example"), "Your Cinebox subscription was renewed",
        html="<p>Hi Ann,</p><p>Your Premium plan renewed today. We charged <b>$15.49</b> to your card ending in 7788.</p><p>Next renewal: 11 February 2026</p>",
        row=("subscription", "15.49", "USD", "Cinebox"),
    ),
    Message(
        ("Cloudkeep", "billing@cloudkeep.example"), "Invoice INV-2026-0113 from Cloudkeep",
        "Invoice number: INV-2026-0113\nDue: 27 January 2026\n\nStorage, 2 TB      USD 12\nBackup             USD 8.50\nVAT                USD 4.10\nInvoice total      USD 24.60\n",
        row=("invoice", "24.60", "USD", "Cloudkeep"),
    ),
    Message(
        ("Werkstatt Böhm", "buero@werkstatt-boehm.example"), "Ihre Rechnung Nr. 2026-0047",
        html="<p>Sehr geehrte Frau Lee,</p><table><tr><td>Inspektion</td><td>310,00 €</td></tr><tr><td>zzgl. MwSt 19&nbsp;%</td><td>58,90 €</td></tr>"
        "<tr><td>Gesamtbetrag</td><td>368,90&nbsp;&euro;</td></tr></table><p>Zahlbar bis 30.01.2026</p>",
        row=("invoice", "368.90", "EUR", "Werkstatt Böhm"), charset="iso-8859-15", zone=60,
    ),
    Message(
        ("Boulangerie Lunel", "bonjour@lunel.example"), "Votre facture F-881",
        "Bonjour,\n\nTotal HT : 41,67 €\nTVA : 8,33 €\nTotal TTC : 50,00 €\n\nMerci de votre visite.",
        row=("invoice", "50.00", "EUR", "Boulangerie Lunel"), charset="windows-1252", zone=60,
    ),
    Message(
        ("Chaloo Cabs", "receipts@chaloo.example"), "Your Tuesday trip",
        html=table(["Thanks for riding, Ann"], ["Trip fare", "₹182.40"], ["Booking fee", "₹9.10"], ["Total", "₹191.50"], ["Paid with UPI"]),
        row=("transaction", "191.50", "INR", "Chaloo Cabs"), zone=330,
    ),
    Message(
        ("Bharti Broadband", "ebill@bharti.example"), "Your broadband bill",
        "Bill number 88012345\nBill amount: Rs 1,179.00\nDue date: 20-Jan-2026\nLate fee after due date: Rs 100.00",
        row=("bill", "1179.00", "INR", "Bharti Broadband"), zone=330,
    ),
    Message(
        ("Fern & Fable", "books@fernfable.example"), "Receipt for your purchase",
        "Thank you for your purchase!\n\nThe Quiet Harbour   £12.99\nTote bag            £6.00\nDiscount            -£2.00\nTotal               £16.99\nPaid by card",
        row=("transaction", "16.99", "GBP", "Fern & Fable"),
    ),
    Message(
        ("Nordlys Ferries", "booking@nordlys.example"), "Booking confirmed 7XK2PL",
        "Your booking is confirmed.\n\n2 adults, 1 cabin\nTotal price: 1 234,50 €\nReference 7XK2PL, deck 7, cabin 7021",
        row=("transaction", "1234.50", "EUR", "Nordlys Ferries"), zone=120,
    ),
    Message(
        ("Kanade Music", "support@kanade.example"), "Kanade Music membership receipt",
        "Plan: Family\nAmount: ¥1,480\nNext payment: 2026-02-14",
        row=("subscription", "1480", "JPY", "Kanade Music"), charset="utf-16", zone=540,
    ),
    Message(
        ("ヤマネ書店", "shop@yamane.example"), "ご注文ありがとうございます (Y-3001)",
        "小計 3,200円\n送料 500円\n合計 3,700円\n",
        row=("transaction", "3700", "JPY", "ヤマネ書店"), charset="shift_jis", zone=540,
    ),
    Message(
        ("Bergwasser AG", "kundendienst@bergwasser.example"), "Rechnung Wasser 4. Quartal",
        "Rechnungsbetrag CHF 88.-\nZahlbar bis 31. Januar 2026",
        row=("invoice", "88.00", "CHF", "Bergwasser AG"), zone=60,
    ),
    Message(
        ("Fitwell Club", "hello@fitwell.example"), "Membership payment received",
        "Thanks Ann! We have received your monthly membership payment of €29.90.",
        row=("subscription", "29.90", "EUR", "Fitwell Club"), zone=60,
    ),
    Message(
        ("Maple Hosting", "billing@maple.example"), "Payment receipt",
        "You paid $12.00 CAD for maple.example on January 19. Receipt number 2026-55012.",
        row=("transaction", "12.00", "CAD", "Maple Hosting"), zone=-300,
    ),
    Message(
        ("=cmd|calc", "formula@letters.example"), '=HYPERLINK("http://evil.example","Receipt")',
        "Receipt. Amount paid: $5.00",
        row=("transaction", "5.00", "USD", "=cmd|calc"),
    ),
    Message(
        ("River Charity", "thanks@river.example"), "Your donation receipt",
        "Thank you for your donation of USD 50.00. It plants ten trees.",
        row=("transaction", "50.00", "USD", "River Charity"),
    ),
]
