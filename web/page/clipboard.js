// Copying and pasting. Pasting is the browser's own where there is a keyboard;
// only for the key of a phone, which has none, the page reads the clipboard.

/** Whether the browser lets the page ask; it does not without TLS. */
export const canPaste = Boolean(navigator.clipboard?.readText);

/** @returns {Promise<string | undefined>} what is in the clipboard, unless the person does not want that */
export async function pasted() {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return undefined;
  }
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is in the clipboard
 */
export async function copy(text) {
  if (!text) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no navigator.clipboard, and without a key or a
    // click there may be no leave; the old way may still work.
    return copyByCommand(text);
  }
}

/** @param {string} text */
function copyByCommand(text) {
  let taken = false;
  const take = (event) => {
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    taken = true;
  };
  document.addEventListener('copy', take, { capture: true });
  try {
    document.execCommand('copy');
  } finally {
    document.removeEventListener('copy', take, { capture: true });
  }
  return taken;
}
