/** Makes a part of the page what a newer one of the same page is, and leaves alone whatever has not changed.
 *
 * Children with an id are matched by it, others by their place. So the focus, a selection and what somebody is typing
 * stay where they are. A form's CSRF token is another in every page and counts for nothing. Attributes that belong to
 * a script stand, by name, in the element's `data-own`; what somebody has unfolded stays so.
 */

const TOKEN = "csrf_token";

const isToken = (node: Node): boolean => node instanceof HTMLInputElement && node.name === TOKEN;

const sameKind = (one: Node, other: Node): boolean =>
  one.nodeType === other.nodeType && one.nodeName === other.nodeName && idOf(one) === idOf(other);

const idOf = (node: Node | null): string => (node instanceof Element ? node.id : "");

const attributes = (old: Element, now: Element): void => {
  const own = (old.getAttribute("data-own") ?? "").split(" ");
  if (old instanceof HTMLDetailsElement) own.push("open");
  for (const { name } of [...old.attributes]) {
    if (!now.hasAttribute(name) && name !== "data-own" && !own.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of now.attributes) {
    if (old.getAttribute(name) !== value && !own.includes(name)) old.setAttribute(name, value);
  }
};

const children = (old: Element, now: Element): void => {
  const known = new Map<string, Element>();
  for (const child of old.children) if (child.id) known.set(child.id, child);
  let at: ChildNode | null = old.firstChild;
  for (const wanted of [...now.childNodes]) {
    const id = idOf(wanted);
    const match = id ? known.get(id) : at && sameKind(at, wanted) ? at : undefined;
    if (!match || !sameKind(match, wanted)) {
      old.insertBefore(document.importNode(wanted, true), at);
    } else if (match === at) {
      at = at.nextSibling;
      morph(match, wanted);
    } else {
      // Those between are gone, or come later and are moved then: whoever has the focus is not moved.
      while (at && at !== match && !now.querySelector(`:scope > [id="${CSS.escape(idOf(at) || " ")}"]`)) {
        const gone: ChildNode = at;
        at = at.nextSibling;
        gone.remove();
      }
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      morph(match, wanted);
    }
  }
  while (at) {
    const gone: ChildNode = at;
    at = at.nextSibling;
    gone.remove();
  }
};

/** `now` is of another document and stays as it is. */
export const morph = (old: Node, now: Node): void => {
  if (isToken(old) || old.isEqualNode(now)) return;
  if (old instanceof Element && now instanceof Element) {
    attributes(old, now);
    children(old, now);
  } else if (old.nodeValue !== now.nodeValue) {
    old.nodeValue = now.nodeValue;
  }
};
