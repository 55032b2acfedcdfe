type Props<Tag extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Tag], "part">> & {
  part?: string;
};

/** An element with these properties (never HTML, as the page may require Trusted Types) and children. */
export const make = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props<Tag>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] => {
  const made = Object.assign(document.createElement(tag), props) as HTMLElementTagNameMap[Tag];
  made.append(...children);
  return made;
};

/** A field under its label.  */
export const makeField = (label: string, input: HTMLElement): HTMLElement =>
  make("div", { part: "field" }, make("label", { htmlFor: input.id, part: "label" }, label), input);

/** A style sheet that a strict `style-src` does not forbid. */
export const sheet = (css: string): CSSStyleSheet => {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
};
