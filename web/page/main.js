// The browser page of Lectern: the terminal that `ssh lab@host` shows, with the
// stages beside it. This module joins the others; each of them has one idea.

import { call } from './api.js';
import { announce, hush } from './announce.js';
import { canPaste, copy, pasted } from './clipboard.js';
import { Courses } from './courses.js';
import { byId } from './dom.js';
import { Find } from './find.js';
import { Fold } from './fold.js';
import { Invitation } from './invitation.js';
import { Keys } from './keys.js';
import { Link } from './link.js';
import { Notice, Toast } from './notice.js';
import { Preferences, fontSize } from './preferences.js';
import { SignIn, takeCode } from './signin.js';
import { Stages } from './stages.js';
import { Switching } from './switching.js';
import { Terminal } from './terminal.js';
import { PICKER, Tutor } from './tutor.js';
import { keepToPolicy } from './strictstyles.js';
import { load } from './settings.js';
import { followSystem, wear } from './theme.js';

// More than anybody types or means to paste, less than makes the lab suffer.
const PASTE = 1 << 20;

const code = takeCode(); // before anything else
let who = ''; // this page is for
let how = { sshLogin: 'lab', sshPort: 22 }; // to come to the same by ssh
let connected = false;

const settings = load();
const still = matchMedia('(prefers-reduced-motion: reduce)');
const lab = byId('lab');
const where = byId('where');
const login = byId('login');

wear(settings.theme);
keepToPolicy();

const signIn = new SignIn();
const notice = new Notice();
const toast = new Toast();
const switching = new Switching(() => terminal.focus());
const invitation = new Invitation((from, to, agreed) => switching.ask(from, to, agreed), follow);
const tutor = new Tutor();
const courses = new Courses((news) => {
  stages.draw();
  if (news) announce(news);
});

const terminal = new Terminal(byId('screen'), {
  typed(text) {
    if (text.length > PASTE) toast.show('That is too much to paste at once. The lab takes up to a million characters.');
    else link.type(keys.apply(text));
    toast.makeWay();
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
const fold = new Fold(settings, () => terminal.focus());
const stages = new Stages(courses, terminal);
const find = new Find(terminal);
const keys = new Keys(byId('keys'), (text) => link.type(text), () => terminal.xterm.modes, canPaste ? paste : undefined);
const preferences = new Preferences(settings, {
  changed: suit,
  closed: () => terminal.focus(),
  copyScreen: () => copyAndReturn(terminal.text),
  async signOut() {
    try {
      await call('DELETE', 'api/me');
    } catch (problem) {
      if (problem.status !== 401) return toast.show(problem.message);
    }
    tutor.leave();
    leaveLab('', 'You have signed out of this browser.');
  },
});

const link = new Link({
  async address(wanted) {
    await invitation.use();
    const me = await call('GET', 'api/me');
    if (!wanted() || !enterLab(me)) return '';
    const address = await tutor.address();
    if (address === PICKER) courses.apply({ type: 'place' }); // of which the server tells who comes back to it
    return address;
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
    connected = state.is === 'open';
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
        if (invitation.busy) return;
        showLab();
        notice.count(state.reason, state.pause, { label: 'Try now', action: () => link.open() });
        break;
      case 'ended':
        if (invitation.busy) return; // which has ended it maybe, and goes on from here
        notice.show(state.reason, { label: 'Connect again', action: connectAgain });
        if (terminal.hasFocus) notice.button.focus();
        break;
      case 'signed out':
        how = state.problem.members;
        leaveLab(invitation.refused || (isLabShown() ? state.problem.message : ''));
        invitation.refused = '';
        return;
    }
    if (inNotice && !notice.hasFocus) terminal.focus();
  },
});

/**
 * Follows a link while the page is open. What the page is at goes on beside it,
 * and ends only for one that does.
 *
 * @param {string} code
 * @param {string} [instead]  who the browser is not to be signed in as any more
 */
async function follow(code, instead) {
  invitation.take(code, instead);
  if (connected) {
    try {
      await invitation.use();
    } catch (problem) {
      invitation.take(''); // or it were tried once more when nobody thinks of it
      toast.show(`${problem.message} Follow the link again in a moment.`);
    }
  }
  if (invitation.arrived || !connected) link.open();
  else tellRefused();
}

function tellRefused() {
  if (invitation.refused) toast.show(`${invitation.refused} You are signed in as ${who} all the same.`);
  invitation.refused = '';
}

/**
 * Shows the lab to the one who is signed in, unless that is somebody else than
 * this page was for: nobody shall go on unawares on the account of another.
 *
 * @param {{login: string, expires?: string, recorded?: boolean, sshLogin: string, sshPort: number}} me
 */
function enterLab(me) {
  const { arrived } = invitation;
  invitation.arrived = false;
  if (who && who !== me.login) {
    tutor.leave();
    preferences.person(me); // who would be signed out
    if (!arrived) {
      const go = () => {
        who = me.login; // and of no third one
        link.open();
      };
      notice.show(`This browser is signed in as ${me.login} now.`, { label: `Go on as ${me.login}`, action: go });
      if (terminal.hasFocus) notice.button.focus();
      return false;
    }
  }
  if (login.textContent !== me.login) courses.forget();
  who = me.login;
  how = me;
  if (arrived) toast.show(`You are signed in as ${who}.`);
  else tellRefused();
  login.textContent = who;
  byId('recorded').hidden = !me.recorded;
  preferences.person(me);
  showLab();
  courses.load();
  return true;
}

/** On the learner's own word, the tutor is taken back from wherever it is used. */
function connectAgain() {
  tutor.insist();
  link.open();
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
 * @param {string} error
 * @param {string} [note]
 */
function leaveLab(error, note) {
  link.close();
  who = '';
  connected = false;
  notice.hide();
  toast.hide();
  hush();
  lab.classList.add('away');
  signIn.show(how, error, note);
}

/** Fits everything to what was chosen and to what the system wishes. */
function suit() {
  wear(settings.theme);
  terminal.suit({ fontSize: fontSize(settings), screenReader: settings.screenReader, still: still.matches });
}

/** @param {string} text */
async function copyAndReturn(text) {
  if (!text) toast.show('There is nothing to copy.');
  else toast.show((await copy(text)) ? 'Copied.' : 'The browser does not let the page copy.');
  terminal.focus();
}

async function paste() {
  const text = await pasted();
  if (text === undefined) toast.show('The browser does not let the page paste.');
  else if (!text) toast.show('There is no text to paste.');
  else terminal.xterm.paste(text);
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

document.addEventListener('keydown', (event) => {
  if (!isLabShown() || document.querySelector('dialog[open]')) return;
  const act = shortcut(event);
  if (!act) return;
  if (event.key.toUpperCase() !== 'V') event.preventDefault();
  act();
});

byId('skip').addEventListener('click', () => terminal.focus());
byId('find-open').addEventListener('click', () => find.open());
byId('preferences-open').addEventListener('click', () => preferences.open());

still.addEventListener('change', suit);
followSystem(suit);
window.addEventListener('online', () => link.hurry());
document.addEventListener('visibilitychange', () => document.hidden || link.hurry());
window.addEventListener('hashchange', () => {
  const other = takeCode();
  if (other) follow(other);
});
// The keyboard of an iPhone lies over the page instead of making it smaller.
visualViewport?.addEventListener('resize', () => {
  if (visualViewport.scale === 1) document.documentElement.style.setProperty('--height', `${visualViewport.height}px`);
});

suit();
invitation.take(code);
link.open();
