// What becomes of the link that the page was opened with, or led to.

import { redeem } from './signin.js';

export class Invitation {
  #code = '';
  #instead = '';
  /** @type {Promise<void> | undefined} */
  #using;
  /** Why the last one did not do, in a sentence. */
  refused = '';
  /** One has just signed the browser in. */
  arrived = false;

  /**
   * @param {(from: string, to: string, agreed: () => void) => void} ask  whether a link of somebody else's is to do
   * @param {(code: string, from: string) => void} agreed  to that, and who the browser is no more
   */
  constructor(ask, agreed) {
    this.ask = ask;
    this.agreed = agreed;
  }

  /**
   * @param {string} code
   * @param {string} [instead]  who the browser is not to be signed in as any more
   */
  take(code, instead = '') {
    this.#code = code;
    this.#instead = instead;
  }

  /** What was taken is being redeemed. */
  get busy() {
    return Boolean(this.#using);
  }

  /**
   * Redeems what was taken, if anything was. It throws a Problem where it makes
   * sense to try again.
   */
  use() {
    return (this.#using ??= this.#use().finally(() => (this.#using = undefined)));
  }

  async #use() {
    while (this.#code) {
      const [code, instead] = [this.#code, this.#instead];
      this.refused = '';
      try {
        await redeem(code, instead);
        this.arrived = true;
      } catch (problem) {
        if (problem.status < 400 || problem.status >= 500) throw problem;
        const { signedInAs, linkOf } = problem.members;
        if (linkOf) this.ask(signedInAs, linkOf, () => this.agreed(code, signedInAs));
        else this.refused = problem.message;
      }
      if (this.#code === code) this.#code = ''; // and no newer one
    }
  }
}
