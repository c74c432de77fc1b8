// Which tutor the learner is with, so that a new link, or the page loaded anew,
// leads to the same one and not to the picker.

import { call } from './api.js';

const KEY = 'lectern.session'; // of this tab; the name of a session lets nobody in

export class Tutor {
  #session = remembered();
  #place = 0; // counts them: what is heard about one that was left comes too late

  /** Where to connect to. */
  async address() {
    const session = this.#session;
    if (!session) return 'ws';
    try {
      await call('GET', `api/sessions/${encodeURIComponent(session)}`);
      return `ws?sessionId=${encodeURIComponent(session)}`;
    } catch (problem) {
      if (problem.status !== 404 && problem.status !== 403) throw problem;
      this.leave(); // it has ended meanwhile
      return 'ws';
    }
  }

  /** @param {{course?: string, stage?: number}} place  where the learner is now */
  async at(place) {
    this.leave();
    if (!place.course) return;
    const now = this.#place;
    const sessions = await call('GET', 'api/sessions').catch(() => []);
    const own = sessions.filter((s) => s.courseId === place.course && s.stage === place.stage);
    // An admin sees those of others too; if it is not clear which, it is none.
    if (now === this.#place && own.length === 1) this.#keep(own[0].sessionId);
  }

  /** Forgets the tutor: the learner has left. */
  leave() {
    this.#place++;
    this.#keep('');
  }

  /** @param {string} session */
  #keep(session) {
    this.#session = session;
    try {
      sessionStorage.setItem(KEY, session);
    } catch {
      // Then it is known for as long as the page is open.
    }
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
