"""What looks like it and is none."""

from banks import HANSA, MERIDIAN, SAFFRON, THAMES, table
from message import Message

SHOP = ("Paper Lantern", "news@paperlantern.example")

MESSAGES = [
    Message(SHOP, "Save $50 this weekend", "Save $50 on every order over $200. Use code GLOW50. Ends Sunday."),
    Message(SHOP, "New lanterns are here", html=table(["Red lantern", "$19.99"], ["Blue lantern", "$24.99"], ["Shop now"])),
    Message(("The Harbour Letter", "news@harbour.example"), "What a week", "The city paid $4.2 million for the bridge. Tickets for the fair are out on Monday."),
    Message(SAFFRON, "OTP for your transaction", "482913 is your OTP for the transaction of Rs 4,999.00 at GADGETGHAR. It is valid for 10 minutes."),
    Message(MERIDIAN, "Your verification code", "Your verification code is 845 120. We never ask for it by phone."),
    Message(HANSA, "Ihre TAN", "Ihre TAN für die Überweisung über 250,00 EUR lautet 993201.", charset="iso-8859-15"),
    Message(SAFFRON, "Account number updated", "Your account number 50100234567890 is linked with customer ID 120045678."),
    Message(THAMES, "New payee added", "You added a payee: sort code 20-45-45, account 12345678, reference 1234.50."),
    Message(SAFFRON, "Your balance", "Available balance in A/c XX4821 as on 12-01-26 is INR 1,45,713.56."),
    Message(MERIDIAN, "Weekly balance summary", html=table(["Checking", "balance $2,811.04"], ["Savings", "balance $10,400.00"])),
    Message(("Swiftship", "track@swiftship.example"), "Your parcel is out for delivery", "Parcel 0034 1200 5566 arrives today between 14:00 and 16:00."),
    Message(("Swiftship", "track@swiftship.example"), "Delivered", "Your order PL-10482 was delivered. 2 items, 1.5 kg."),
    Message(MERIDIAN, "Payment declined", "Your card was declined for $89.00 at AIRLINE SHOP."),
    Message(SAFFRON, "Transaction failed", "Your payment of Rs 2,000.00 to GADGETGHAR failed. No money has been debited."),
    Message(("Cinebox", "info@cinebox.example"), "We couldn't process your payment", "Your payment of $15.49 did not go through. Please update your card."),
    Message(THAMES, "You could earn a £175 bonus", "Switch to us and get £175. Terms apply. Offer ends 31 January."),
    Message(SAFFRON, "Pre-approved loan of Rs. 5,00,000", "You are pre-approved for Rs. 5,00,000 at 10.5% a year. Apply now."),
    Message(("Points Plus", "club@points.example"), "You have 12,500 points", "12,500 points are worth up to $125 in vouchers."),
    Message(SHOP, "Your cart misses you", "Red lantern, $19.99. Total $19.99. Check out before it is gone."),
    Message(MERIDIAN, "Your credit limit went up", "Your credit limit is now $9,000.00. It was $6,000.00."),
    Message(("Ben", "ben@letters.example"), "Lunch?", "Same place at 12:30? Table for 4, I booked under Lee. Ring 020 7946 0000."),
    Message(("Werkstatt Böhm", "buero@werkstatt-boehm.example"), "Ihr Kostenvoranschlag", "Die Reparatur würde etwa 480,00 € kosten.", charset="iso-8859-15"),
    Message(("Lena", "lena@letters.example"), "Lena requests CHF 45.00", "Lena asks you for CHF 45.00 for pizza. Pay or decline in the app."),
    Message(("Job Board", "jobs@board.example"), "5 new jobs for you", "Luthier, 2,400 € a month. Ferry pilot, 48.000 € per year."),
]
