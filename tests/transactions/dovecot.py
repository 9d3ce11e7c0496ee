"""A Dovecot of our own on loopback, with TLS only, gone with the block."""

import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

USER, PASSWORD = "ann@example.com", "abcd efgh ijkl mnop"
PROGRAM = shutil.which("dovecot") or "/usr/sbin/dovecot"

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
mail_location = maildir:{folder}/mail
first_valid_uid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_max_userip_connections = 50
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    def __enter__(self):
        if not os.access(PROGRAM, os.X_OK):
            raise SystemExit("tests/transactions: no dovecot; `scripts/install` installs it (Debian: dovecot-imapd)")
        self.temporary = tempfile.TemporaryDirectory(prefix="nightlatch-mail.")
        self.folder = Path(self.temporary.name)
        self.folder.chmod(0o755)
        self.port = free_port()
        # Dovecot serves no mail as root.
        account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        names = ("dovecot", "dovecot", "dovenull") if os.getuid() == 0 else (account.pw_name,) * 3
        (self.folder / "mail").mkdir()
        if os.getuid() == 0:
            os.chown(self.folder / "mail", account.pw_uid, account.pw_gid)
        self.certify()
        config = self.folder / "dovecot.conf"
        internal, group, login = names
        config.write_text(CONFIG.format(
            folder=self.folder, port=self.port, uid=account.pw_uid, gid=account.pw_gid, internal=internal,
            internal_group=group, login=login, password=PASSWORD.replace(" ", ""),
        ))
        self.process = subprocess.Popen([PROGRAM, "-F", "-c", config], stderr=subprocess.PIPE, text=True)
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                self.client().logout()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__(SystemExit)
        raise SystemExit("Dovecot did not start")

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        if kind:
            print(self.process.stderr.read(), (self.folder / "log").read_text()[-3000:] if (self.folder / "log").exists() else "")
        self.process.stderr.close()
        self.temporary.cleanup()

    def certify(self):
        """An authority, and a certificate of it for 127.0.0.1 alone."""
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for arguments in (
            ["req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority"],
            ["req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1"],
            ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
             "-extfile", "names", "-out", "server.pem"],
        ):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def client(self):
        """Python's own client, signed in."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=20)
        client.login(USER, PASSWORD.replace(" ", ""))
        return client


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
