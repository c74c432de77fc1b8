// xterm.js writes style elements and style attributes, which the page's policy
// forbids: style-src 'self' has neither 'unsafe-inline' nor a nonce. Styles that
// are set by script, as style sheets or as properties, are not forbidden, since
// only a script can do it. So what xterm.js means is done that way.

/** Makes xterm.js keep to the policy. It comes before the first terminal. */
export function keepToPolicy() {
  const create = document.createElement.bind(document);
  /** @type {typeof document.createElement} */
  document.createElement = (name, options) => (name === 'style' ? adopted(create('meta')) : create(name, options));

  const set = Element.prototype.setAttribute;
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else set.call(this, name, value);
  };
}

/**
 * An element that does nothing where it stands, whose text is a style sheet of
 * the document until it is removed.
 *
 * @param {HTMLElement} element
 */
function adopted(element) {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  const remove = element.remove.bind(element);
  return Object.defineProperties(element, {
    textContent: { set: (text) => sheet.replaceSync(text) },
    remove: {
      value: () => {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet);
        remove();
      },
    },
  });
}
