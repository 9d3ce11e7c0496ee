// A mail server on this machine that keeps what it is given.
import { setTimeout as pause } from "node:timers/promises";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

const LONGEST_WAIT = 10_000;

export class Mailbox {
  #letters = [];
  #server = new SMTPServer({
    // No certificate here, so no TLS; lettre goes without on loopback.
    disabledCommands: ["AUTH", "STARTTLS"],
    onData: (stream, session, done) => {
      this.#keep(stream, session).then(() => done(), done);
    },
  });

  /** Starts listening and gives the URL for the server's settings. */
  async open() {
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return `smtp://127.0.0.1:${this.#server.server.address().port}`;
  }

  close() {
    return new Promise((resolve) => this.#server.close(resolve));
  }

  async #keep(stream, session) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const letter = await PostalMime.parse(Buffer.concat(chunks));
    const recipients = session.envelope.rcptTo.map((recipient) => recipient.address);
    this.#letters.push({ ...letter, recipients });
  }

  /** All letters to an address so far, the oldest first. */
  to(address) {
    return this.#letters.filter((letter) => letter.recipients.includes(address));
  }

  /** The nth letter to an address, once it is there. */
  async letter(address, number) {
    for (const end = Date.now() + LONGEST_WAIT; Date.now() < end; await pause(20)) {
      if (this.to(address).length >= number) return this.to(address)[number - 1];
    }
    throw new Error(`letter ${number} to ${address} did not come; there are ${this.to(address).length}`);
  }

  /** The newest letter to an address whose subject matches, once there are `count` of them. */
  async about(address, subject, count = 1) {
    const some = () => this.to(address).filter((letter) => subject.test(letter.subject));
    for (const end = Date.now() + LONGEST_WAIT; Date.now() < end; await pause(20)) {
      if (some().length >= count) return some().at(-1);
    }
    throw new Error(`${count} about ${subject} to ${address} did not come: ${this.to(address).map((letter) => letter.subject)}`);
  }

  /** The code in the nth letter to an address. */
  async code(address, number) {
    return codeOf(await this.letter(address, number));
  }
}

export function codeOf({ text }) {
  const code = /^ *(\d{4} \d{4})$/m.exec(text);
  if (!code) throw new Error(`no code in this letter:\n${text}`);
  return code[1];
}
