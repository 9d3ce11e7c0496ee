"""Written when the rules were done, which were not changed for them: `got` says where they are wrong."""

from banks import table
from message import Message

CANYON = ("Canyon Bank", "alerts@canyonbank.example")
LOTUS = ("Lotus Bank", "notify@lotusbank.example")

MESSAGES = [
    Message(
        CANYON, "You made a $58.12 purchase",
        html=table(["Merchant", "GREEN GROCER 114"], ["Amount", "$58.12"], ["Date", "Jan 19, 2026"], ["Card", "ending in 2040"]),
        row=("debit", "58.12", "USD", "Canyon Bank"), got=("transaction", "58.12", "USD", "Canyon Bank"), zone=-420,
    ),
    Message(
        CANYON, "Your payment has posted",
        "Thank you. We received your credit card payment of $300.00 on January 19. Your available credit is $2,700.00.",
        row=("transaction", "300.00", "USD", "Canyon Bank"), zone=-420,
    ),
    Message(
        LOTUS, "Lotus Bank: Rs 15,000 received",
        "Dear Ann, your a/c X9910 is credited with Rs 15,000.00 on 19-Jan-26 by IMPS from RAGHAV SEN. Balance: Rs 62,310.45.",
        row=("credit", "15000.00", "INR", "RAGHAV SEN"), zone=330,
    ),
    Message(
        LOTUS, "Alert: debit card transaction",
        "Thank you for using your Lotus Bank debit card ending 5512 for Rs 649.00 at SPICE ROUTE on 20-Jan-26.",
        row=("debit", "649.00", "INR", "SPICE ROUTE"), got=("transaction", "649.00", "INR", "Lotus Bank"), zone=330,
    ),
    Message(
        ("Gloucester Water", "billing@gloswater.example"), "Your water bill is ready",
        "Dear Ms Lee,\n\nYour bill for the last six months is £187.30. We'll collect it by direct debit on 5 February.\n\nYour account number is 990 112 4.",
        row=("bill", "187.30", "GBP", "Gloucester Water"),
    ),
    Message(
        ("Papeterie Colin", "commande@papeterie-colin.example"), "Confirmation de commande n° 7781",
        "Bonjour Ann,\n\nmerci pour votre commande.\n\nCarnet A5 x2   19,80 €\nLivraison      4,90 €\nTotal          24,70 €",
        row=("transaction", "24.70", "EUR", "Papeterie Colin"), charset="iso-8859-15", zone=60,
    ),
    Message(
        ("Readly Weekly", "support@readlyweekly.example"), "Your subscription receipt",
        html="<div>Thanks for reading.</div><div>Digital, monthly</div><div>Amount charged: €4.99</div><div>Date: 20 January 2026</div>",
        row=("subscription", "4.99", "EUR", "Readly Weekly"),
    ),
    Message(
        ("Atelier Sommer", "post@atelier-sommer.example"), "Rechnung 26-014",
        "Liebe Frau Lee,\n\nanbei die Rechnung über CHF 640.00, zahlbar in 30 Tagen.\n\nHerzlich, U. Sommer",
        row=("invoice", "640.00", "CHF", "Atelier Sommer"), zone=60,
    ),
    Message(
        ("Velvet Air", "offers@velvetair.example"), "Fly for less",
        "Lisbon from £39, Oslo from £45. Book by Sunday, and pay later. Total price per person one way.",
    ),
    Message(
        CANYON, "Low balance alert",
        "Your checking account balance of $42.18 is below $100.00, the amount you chose.",
    ),
    Message(
        LOTUS, "Your login code",
        "Use 771 204 to sign in. Valid for 5 minutes. Do not share it.",
    ),
    Message(
        ("Parcel Post", "info@parcelpost.example"), "We missed you",
        "We tried to deliver your parcel 00340434 at 11:40. Pick it up with your ID at Mill Lane 12.",
    ),
]
