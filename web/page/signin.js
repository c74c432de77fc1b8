// Signing in: with a link that `ssh lab@host web` printed, whose code is its
// fragment, or by telling how to come by one.

import { call } from './api.js';
import { copy } from './clipboard.js';
import { announce } from './announce.js';
import { byId } from './dom.js';

/**
 * Takes the code out of the address, where nobody shall find it any more, not
 * even in the history.
 */
export function takeCode() {
  const code = location.hash.slice(1);
  if (code) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/**
 * @param {string} code
 * @param {string} [instead]  who the browser is not to be signed in as any more
 */
export function redeem(code, instead) {
  return call('POST', 'api/sign-in', { code, instead });
}

/** SignIn tells how to sign in. */
export class SignIn {
  constructor() {
    this.view = byId('sign-in');
    this.error = byId('sign-in-error');
    this.note = byId('sign-in-note');
    this.command = byId('ssh-command');
    const button = byId('ssh-copy');
    button.addEventListener('click', async () => {
      const copied = await copy(this.command.textContent);
      button.textContent = copied ? 'Copied' : 'Please select it';
      announce(button.textContent);
      setTimeout(() => (button.textContent = 'Copy'), 2000);
    });
  }

  /**
   * @param {{sshLogin: string, sshPort: number}} how  to come by a link
   * @param {string} [error]  why a link did not do, or nobody is signed in any more
   * @param {string} [note]  that the learner has signed out
   */
  show({ sshLogin, sshPort }, error = '', note = '') {
    const host = location.hostname.replace(/^\[|\]$/g, '');
    this.command.textContent = ['ssh', sshPort !== 22 && `-p ${sshPort}`, `${sshLogin}@${host}`, 'web'].filter(Boolean).join(' ');
    this.error.textContent = error;
    this.error.hidden = !error;
    this.note.textContent = note;
    this.note.hidden = !note;
    this.view.hidden = false;
    document.title = 'Sign in · Lectern';
    byId('sign-in-title').focus();
  }

  hide() {
    this.view.hidden = true;
  }
}
