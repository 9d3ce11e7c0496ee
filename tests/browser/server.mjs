// The release binary on a data directory and a port of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const LONGEST_START = 10_000;

export class Server {
  #process;
  #folder;
  #binary;

  /** Starts the binary with `settings` and nothing of the caller's own, and waits until it answers. */
  async start(binary, settings) {
    this.#folder = await mkdtemp(join(tmpdir(), "nightlatch-browser."));
    this.#binary = binary;
    while (!(await this.#serves(binary, settings))) {
      const log = await this.log();
      // Somebody took the port after it was found free.
      if (!log.trimEnd().endsWith("Address already in use (os error 98)")) throw new Error(`the server did not start:\n${log}`);
    }
  }

  async #serves(binary, settings) {
    const port = await freePort();
    this.url = `http://localhost:${port}`;
    const log = openSync(join(this.#folder, "log"), "w");
    this.#process = spawn(binary, [], {
      cwd: this.#folder,
      env: {
        ROCKET_PORT: String(port),
        NIGHTLATCH_DATA_DIR: join(this.#folder, "data"),
        // Everybody comes from one address here, and faster than people do.
        NIGHTLATCH_LIMITS__ENABLED: "false",
        ...settings,
      },
      stdio: ["ignore", log, log],
    });
    for (const end = Date.now() + LONGEST_START; Date.now() < end && this.#process.exitCode === null; await pause(20)) {
      const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
      if (answer?.ok && this.#process.exitCode === null) return true;
    }
    return false;
  }

  /** The database of a server on SQLite. */
  get database() {
    return join(this.#folder, "data", "nightlatch.db");
  }

  /** Runs the binary beside the running server, on its data, with `input` typed into it. */
  run(args, input) {
    const env = { NIGHTLATCH_DATA_DIR: join(this.#folder, "data") };
    execFileSync(this.#binary, args, { cwd: this.#folder, env, input, stdio: ["pipe", "ignore", "inherit"] });
  }

  log() {
    return readFile(join(this.#folder, "log"), "utf8");
  }

  async stop() {
    if (this.#process?.exitCode === null) {
      const gone = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await gone;
    }
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Ports that a server here has or had. */
const taken = new Set();

async function freePort() {
  const port = await anyPort();
  if (taken.has(port)) return freePort();
  taken.add(port);
  return port;
}

function anyPort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
