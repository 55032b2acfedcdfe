/** Changes a part of the page into a newer version of it, without touching what has not changed.
 *
 * Children with an id are matched by it, others by position. So the focus, a selection and typed text are preserved.
 * CSRF tokens differ in every page and are ignored. An element's `data-own` names the attributes that belong to a
 * script; unfolded details stay unfolded.
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
      // The nodes between are gone, or come later and are moved then, so that a focused element is not moved.
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

/** Choices are matched by position, so what was chosen is chosen again, if it is still there. */
const choices = (old: HTMLSelectElement, now: Element): void => {
  const { value } = old;
  children(old, now);
  if ([...old.options].some((option) => option.value === value)) old.value = value;
  else old.selectedIndex = 0;
};

/** `now` belongs to another document and is not changed. */
export const morph = (old: Node, now: Node): void => {
  if (isToken(old) || old.isEqualNode(now)) return;
  if (old instanceof Element && now instanceof Element) {
    attributes(old, now);
    if (old instanceof HTMLSelectElement) choices(old, now);
    else children(old, now);
  } else if (old.nodeValue !== now.nodeValue) {
    old.nodeValue = now.nodeValue;
  }
};
