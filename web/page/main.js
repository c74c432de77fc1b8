// The browser page of Lectern: the terminal that `ssh lab@host` shows, with the
// stages beside it. This module joins the others; each of them has one idea.

import { call } from './api.js';
import { announce } from './announce.js';
import { copy } from './clipboard.js';
import { Courses } from './courses.js';
import { byId } from './dom.js';
import { Find } from './find.js';
import { Keys } from './keys.js';
import { Link } from './link.js';
import { Notice, Toast } from './notice.js';
import { Preferences, fontSize } from './preferences.js';
import { SignIn, redeem, takeCode } from './signin.js';
import { Stages } from './stages.js';
import { Switching } from './switching.js';
import { Terminal } from './terminal.js';
import { Tutor } from './tutor.js';
import { keepToPolicy } from './strictstyles.js';
import { load, save } from './settings.js';
import { followSystem, wear } from './theme.js';

// More than anybody types or means to paste, less than makes the lab suffer.
const PASTE = 1 << 20;

let code = takeCode(); // before anything else
let instead = ''; // who the code's learner takes the place of
let arrived = false; // a code has just signed the browser in
let refused = ''; // why a code did not do

const settings = load();
const still = matchMedia('(prefers-reduced-motion: reduce)');
const narrow = matchMedia('(max-width: 47.99rem)');
const lab = byId('lab');
const fold = byId('fold');
const where = byId('where');

wear(settings.theme);
keepToPolicy();

const signIn = new SignIn();
const notice = new Notice();
const toast = new Toast();
const switching = new Switching(() => terminal.focus());
const tutor = new Tutor();
const courses = new Courses((news) => {
  stages.draw();
  if (news) announce(news);
});

const terminal = new Terminal(byId('screen'), {
  typed(text) {
    if (text.length > PASTE) toast.show('That is too much to paste at once. The lab takes up to a million characters.');
    else link.type(keys.apply(text));
  },
  pressed: (bytes) => link.send(bytes),
  resized: () => link.resize(),
  async copied(text) {
    if (await copy(text)) toast.show('Copied.');
    else toast.show('The program wants to copy something.', { label: 'Copy', action: () => copyAndReturn(text) });
  },
  pointed(address) {
    where.textContent = address;
    where.hidden = !address;
  },
  reserved: (event) => shortcut(event) !== undefined,
});
const stages = new Stages(courses, terminal);
const find = new Find(terminal);
const keys = new Keys(byId('keys'), (text) => link.type(text), () => terminal.xterm.modes);
const preferences = new Preferences(settings, {
  changed: suit,
  closed: () => terminal.focus(),
  async signOut() {
    try {
      await call('DELETE', 'api/me');
    } catch (problem) {
      if (problem.status !== 401) return toast.show(problem.message);
    }
    tutor.leave();
    leaveLab({}, 'You have signed out of this browser.');
  },
});

const link = new Link({
  async address() {
    await useCode();
    enterLab(await call('GET', 'api/me'));
    return tutor.address();
  },
  size: () => terminal.size,
  bytes(bytes, first, drawn) {
    if (first) terminal.restart();
    terminal.write(bytes, drawn);
  },
  message(message) {
    if (message.type === 'place') tutor.at(message);
    courses.apply(message);
  },
  state(state) {
    const inNotice = notice.hasFocus;
    terminal.stale = state.is !== 'open';
    switch (state.is) {
      case 'connecting':
        notice.show(state.reason ? `${state.reason} Connecting…` : 'Connecting…');
        break;
      case 'open':
        notice.hide();
        announce('Connected.');
        break;
      case 'waiting':
        showLab();
        notice.count(state.reason, state.pause, { label: 'Try now', action: () => link.open() });
        break;
      case 'ended':
        tutor.leave();
        notice.show(state.reason, { label: 'Connect again', action: () => link.open() });
        if (terminal.hasFocus) notice.button.focus();
        break;
      case 'signed out':
        leaveLab(state.problem.members, refused || (isLabShown() ? state.problem.message : ''));
        return;
    }
    if (inNotice && !notice.hasFocus) terminal.focus();
  },
});

/** Redeems the link the page was opened with, if it was. */
async function useCode() {
  refused = '';
  if (!code) return;
  const used = code;
  try {
    await redeem(used, instead);
    if (instead) tutor.leave(); // who is not this one's
    arrived = true;
  } catch (problem) {
    if (problem.status < 400 || problem.status >= 500) throw problem; // and try again
    const { signedInAs, linkOf } = problem.members;
    if (linkOf) switching.ask(signedInAs, linkOf, () => use(used, signedInAs));
    else refused = problem.message;
  }
  code = instead = '';
}

/**
 * @param {string} other  code
 * @param {string} [from]  who is signed in, and shall be no more
 */
function use(other, from = '') {
  code = other;
  instead = from;
  link.open();
}

/** @param {{login: string, expires?: string, recorded?: boolean}} me */
function enterLab(me) {
  if (refused) toast.show(`${refused} You are signed in as ${me.login} all the same.`);
  else if (arrived) toast.show(`You are signed in as ${me.login}.`);
  arrived = false;
  byId('login').textContent = me.login;
  byId('recorded').hidden = !me.recorded;
  preferences.person(me);
  showLab();
  courses.load();
}

function isLabShown() {
  return !lab.classList.contains('away');
}

function showLab() {
  if (isLabShown()) return;
  signIn.hide();
  lab.classList.remove('away');
  terminal.focus();
}

/**
 * @param {object} members
 * @param {string} error
 */
function leaveLab(members, error) {
  link.close();
  notice.hide();
  lab.classList.add('away');
  signIn.show(members, error);
}

/** Fits everything to what was chosen and to what the system wishes. */
function suit() {
  wear(settings.theme);
  terminal.suit({ fontSize: fontSize(settings), screenReader: settings.screenReader, still: still.matches });
}

/** @param {string} text */
async function copyAndReturn(text) {
  toast.show((await copy(text)) ? 'Copied.' : 'The browser does not let the page copy.');
  terminal.focus();
}

/**
 * What a key does that is the page's. Pasting is left to the browser, which
 * does it without asking for leave.
 *
 * @param {KeyboardEvent} event
 * @returns {(() => void) | undefined}
 */
function shortcut({ key, ctrlKey, shiftKey, altKey, metaKey }) {
  if (altKey || metaKey) return undefined;
  if (key === 'F6' && !ctrlKey) return () => (terminal.hasFocus ? fold : terminal).focus();
  if (!ctrlKey || !shiftKey) return undefined;
  switch (key.toUpperCase()) {
    case 'F': return () => find.open();
    case 'C': return () => copyAndReturn(terminal.xterm.getSelection());
    case 'V': return () => {};
  }
}

/** @param {boolean} folded */
function showFolded(folded) {
  lab.classList.toggle('folded', folded);
  fold.setAttribute('aria-expanded', String(!folded));
}

function wantFolded() {
  showFolded(narrow.matches || settings.folded);
}

document.addEventListener('keydown', (event) => {
  if (!isLabShown() || document.querySelector('dialog[open]')) return;
  const act = shortcut(event);
  if (!act) return;
  if (event.key.toUpperCase() !== 'V') event.preventDefault();
  act();
});

fold.addEventListener('click', () => {
  const folded = !lab.classList.contains('folded');
  showFolded(folded);
  if (!narrow.matches) save(Object.assign(settings, { folded })); // on a phone it is only for a look
});
byId('skip').addEventListener('click', () => terminal.focus());
byId('find-open').addEventListener('click', () => find.open());
byId('preferences-open').addEventListener('click', () => preferences.open());

narrow.addEventListener('change', wantFolded);
still.addEventListener('change', suit);
followSystem(suit);
window.addEventListener('online', () => link.hurry());
document.addEventListener('visibilitychange', () => document.hidden || link.hurry());
window.addEventListener('hashchange', () => {
  const other = takeCode();
  if (other) use(other);
});
// The keyboard of an iPhone lies over the page instead of making it smaller.
visualViewport?.addEventListener('resize', () => {
  if (visualViewport.scale === 1) document.documentElement.style.setProperty('--height', `${visualViewport.height}px`);
});

wantFolded();
suit();
link.open();
