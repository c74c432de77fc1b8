// Copying and pasting. Pasting is the browser's own: the page never asks for
// leave to read the clipboard.

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
