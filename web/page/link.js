// The link to the lab: one WebSocket after the other, for as long as it makes
// sense to open another.

import { Flow } from './flow.js';

export const PROTOCOL = 'lectern.v1';

// The server takes frames of up to 32 KiB.
const FRAME = 16 * 1024;

/**
 * @typedef {object} Told  what the page is told of the link
 * @property {(wanted: () => boolean) => Promise<string>} address  where to connect to this time, or nowhere; it throws a
 *   Problem where it cannot. What is not wanted any more when it is known is to have no effect.
 * @property {() => {cols: number, rows: number}} size  of the terminal
 * @property {(bytes: Uint8Array, first: boolean, drawn: () => void) => void} bytes  first of this WebSocket or not
 * @property {(message: any) => void} message
 * @property {(state: State) => void} state
 */

/**
 * How the link is; the pause is in milliseconds.
 *
 * @typedef {{is: 'connecting', reason: string}
 *   | {is: 'open'}
 *   | {is: 'waiting', reason: string, pause: number}
 *   | {is: 'signed out', problem: import('./api.js').Problem}
 *   | {is: 'ended', reason: string}} State
 */

export class Link {
  /** @type {WebSocket | undefined} */
  #socket;
  #attempt = 0;
  #waiting = 0; // the timer of the pause
  #beating = 0; // the timer of the pings
  #reason = ''; // why the last WebSocket ended
  #run = 0; // what was begun before the last open or close is void

  /**
   * @param {Told} told
   * @param {{pauses?: number[], beat?: number, steady?: number}} [pace]  milliseconds: the pauses between attempts,
   *   of which the last one repeats; between pings; and how long a link has to last for the pauses to begin anew
   */
  constructor(told, { pauses = [300, 1000, 2000, 4000, 8000, 15_000], beat = 20_000, steady = 5000 } = {}) {
    this.told = told;
    this.pauses = pauses;
    this.beat = beat;
    this.steady = steady;
  }

  /** Connects, now. */
  async open() {
    const run = this.#begin();
    this.told.state({ is: 'connecting', reason: this.#reason });
    let address;
    try {
      address = await this.told.address(() => run === this.#run);
    } catch (problem) {
      if (run !== this.#run) return;
      if (problem.status === 401) this.told.state({ is: 'signed out', problem });
      else this.#wait(problem.message);
      return;
    }
    if (run === this.#run && address) this.#connect(new URL(address, location.href));
  }

  /** Closes the link for good, or until it is opened again. */
  close() {
    this.#begin();
    this.#reason = '';
  }

  /** Tries at once where the next attempt is still to come. */
  hurry() {
    if (this.#waiting) this.open();
  }

  /** @param {string} text  as it was typed */
  type(text) {
    this.send(new TextEncoder().encode(text));
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes  as they were typed */
  send(bytes) {
    for (let at = 0; at < bytes.length && this.#isOpen(); at += FRAME) {
      this.#socket.send(bytes.subarray(at, at + FRAME));
    }
  }

  /** Tells the server of the terminal's size. */
  resize() {
    this.#say({ type: 'resize', ...this.told.size() });
  }

  #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #say(message) {
    if (this.#isOpen()) this.#socket.send(JSON.stringify(message));
  }

  #begin() {
    clearTimeout(this.#waiting);
    clearInterval(this.#beating);
    this.#waiting = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    return ++this.#run;
  }

  /** @param {URL} url */
  #connect(url) {
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = (this.#socket = new WebSocket(url, PROTOCOL));
    const flow = new Flow((bytes) => {
      if (socket === this.#socket) this.#say({ type: 'ack', bytes });
    });
    let first = true;
    let opened = 0;
    let heard = true; // anything since the last ping
    let behind = 0; // bytes before which that ping had to wait

    const over = (reason, again) => {
      if (socket !== this.#socket) return; // of which we know already
      if (opened && performance.now() - opened > this.steady) this.#attempt = 0;
      this.#over(reason, again);
    };

    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      opened = performance.now();
      this.resize();
      // A link that has silently gone, as when a laptop slept, tells nothing by itself.
      this.#beating = setInterval(() => {
        // Of a long paste on a slow line the rest goes first, and as long as it goes
        // the lab is there.
        if (!heard && socket.bufferedAmount >= behind) return over('The lab has fallen silent.', true);
        heard = false;
        behind = socket.bufferedAmount;
        this.#say({ type: 'ping' });
      }, this.beat);
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      heard = true;
      if (typeof data !== 'string') {
        const bytes = new Uint8Array(data);
        if (first) this.told.state({ is: 'open' });
        this.told.bytes(bytes, first, () => flow.drawn(bytes.length));
        first = false;
        return;
      }
      const message = understand(data);
      if (message?.type === 'session_end') over(String(message.reason ?? ''), Boolean(message.again));
      else if (message) this.told.message(message);
    };
    socket.onclose = ({ code, reason }) => over(reason || words(code), code !== 1000 && code !== 1008);
  }

  /**
   * @param {string} reason
   * @param {boolean} again  whether to come back makes sense
   */
  #over(reason, again) {
    this.#begin();
    if (again) return this.#wait(reason);
    this.#reason = '';
    this.#attempt = 0;
    this.told.state({ is: 'ended', reason: reason || 'The session has ended.' });
  }

  /** @param {string} reason */
  #wait(reason) {
    this.#reason = reason;
    // Spread, so that a class does not come back in one instant.
    const pause = this.pauses[Math.min(this.#attempt++, this.pauses.length - 1)] * (0.8 + 0.4 * Math.random());
    this.#waiting = setTimeout(() => this.open(), pause);
    this.told.state({ is: 'waiting', reason, pause });
  }
}

/** @param {string} text */
function understand(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === 'string' ? message : undefined;
  } catch {
    return undefined; // of a newer server, whose page this is not
  }
}

/** @param {number} code  of a WebSocket that closed without a word */
function words(code) {
  switch (code) {
    case 1000: return 'The session has ended.';
    case 1001: return 'The lab is restarting.';
    case 1008: return 'The lab has refused this connection.';
    case 1009: return 'That was too much for the lab at once.';
    case 1011: return 'Something went wrong in the lab.';
    default: return 'The connection was lost.';
  }
}
