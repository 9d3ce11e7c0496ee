"""One message and the row it should become."""

from datetime import datetime, timedelta, timezone
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

# The first message's time; each later one in the list is five hours and a bit after the one before, so that none is out of the period.
BEGIN = datetime(2026, 1, 2, 8, 30, tzinfo=timezone.utc)
STEP = timedelta(hours=5, minutes=7)


class Message:
    """`row` is (type, amount, currency, counterparty), or None where no money moved. `got` is what comes out where that is wrong."""

    def __init__(self, sender, subject, plain=None, html=None, row=None, got=..., charset="utf-8", zone=0):
        self.sender, self.subject, self.plain, self.html, self.row = sender, subject, plain, html, row
        self.got = row if got is ... else got
        self.charset, self.zone = charset, timezone(timedelta(minutes=zone))

    def place(self, number):
        """Gives it its time and its name."""
        self.time = (BEGIN + number * STEP).astimezone(self.zone)
        self.id = f"m{number:03}@post.example"

    def bytes(self):
        parts = [MIMEText(text, kind, self.charset) for text, kind in ((self.plain, "plain"), (self.html, "html")) if text]
        if len(parts) == 1:
            whole = parts[0]
        else:
            whole = MIMEMultipart("alternative")
            for part in parts:
                whole.attach(part)
        name, address = self.sender
        whole["From"] = f"{Header(name, self.charset).encode()} <{address}>" if name else address
        whole["To"] = "ann@example.com"
        whole["Subject"] = Header(self.subject, self.charset)
        whole["Date"] = format_datetime(self.time)
        whole["Message-ID"] = f"<{self.id}>"
        return whole.as_bytes()

    def written(self, row):
        """The line of the file for `row`."""
        return [self.time.isoformat().replace("+00:00", "Z"), *row, self.subject, self.id]
