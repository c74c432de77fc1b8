// A WebSocket has no back-pressure of its own. So the server is told how much
// has been drawn, and sends only so much ahead of it: a flood neither fills the
// memory nor stands in the way of the key that stops it.

const EVERY_BYTES = 32 * 1024;
const EVERY_MS = 50;

export class Flow {
  #drawn = 0;
  #told = 0;
  #timer = 0;

  /** @param {(bytes: number) => void} tell  how much has been drawn in all */
  constructor(tell) {
    this.tell = tell;
  }

  /** @param {number} bytes  that the terminal has taken */
  drawn(bytes) {
    this.#drawn += bytes;
    if (this.#drawn - this.#told >= EVERY_BYTES) this.#acknowledge();
    else this.#timer ||= setTimeout(() => this.#acknowledge(), EVERY_MS);
  }

  #acknowledge() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#told = this.#drawn;
    this.tell(this.#drawn);
  }
}
