/** What a page may fill in beforehand. The names of the New Session API (`customer_name`, …) are taken too. */
export interface Prefill {
  name?: string;
  email?: string;
  number?: string;
  phone?: string;
  problem?: string;
  /** The id of a department that the site offers. */
  department?: string | number | undefined;
}

/** How the widget is set up: the script's `data-` attributes by the same names. */
export interface Options {
  /** Handbell's own address, such as `https://support.example`. */
  server: string;
  /** The key of the site; `default` unless given. */
  site?: string | undefined;
  /** The language to ask the site's own texts in, as a tag; this build's own unless given. */
  lang?: string | undefined;
  /** `button`: a floating button; `link`: the page's own `[data-handbell]` only; `inline`: the form in the page.
   *  Unless given: a floating button, where the page has no `[data-handbell]`. */
  mode?: string | undefined;
  /** With `inline`: where the form goes, as an element or a selector; unless given, after the script. */
  target?: Element | string | null | undefined;
  /** The side of the floating button: `end` (unless given) or `start`, as the page reads. */
  position?: string | undefined;
  /** The colour of buttons, as CSS writes it. White text must be readable on it. */
  colour?: string | undefined;
  /** The text of the floating button. */
  text?: string | undefined;
  /** A department's id: chosen beforehand. */
  department?: string | number | undefined;
  prefill?: Prefill | undefined;
}

/** What `on` hands over, by event. */
export interface Events {
  open: null;
  close: null;
  /** The request is recorded. */
  submit: { reference: string; state: string; status_url: string };
  /** The session can be started. */
  ready: { reference: string; start_url: string };
  /** The request could not be sent; the customer has been told. Status 0: no answer at all. */
  error: { status: number; message: string };
}

export type Emit = <Name extends keyof Events>(event: Name, detail: Events[Name]) => void;

/** Who the page says the customer is. */
export interface Known {
  given: Record<string, unknown>;
  /** What its own server has signed, and the token that says so. */
  claims: Record<string, string> | null;
  token: string | null;
}

export interface Handbell {
  /** Shows the form, filled in with this. */
  open(prefill?: Prefill): void;
  close(): void;
  /** Fills in what the customer has not typed themselves. */
  prefill(values: Prefill): void;
  /** Says who the customer is, by a token that the page's own server has signed; null takes it back. */
  identify(token: string | null): void;
  on<Name extends keyof Events>(event: Name, heard: (detail: Events[Name]) => void): void;
  /** Removes everything. */
  destroy(): void;
}

/** What the site demands of a field; the limit is code points. */
export interface FieldRule {
  name: string;
  required: boolean;
  limit: number;
  /** Of a field that the form does not have by itself: its label, and what its input is set to. Its id is its name in
   *  prefills and tokens. */
  label?: string;
  input?: { id: string; dir: string; type: string; autocomplete: AutoFill };
}

/** What `GET /api/v1/sites/<site>` answers. */
export interface Site {
  fields: FieldRule[];
  departments: { id: number; name: string }[];
  texts: Record<string, string>;
  theme: { colour: string | null };
  contact: Contact;
  show_check_details: boolean;
  form_token: string;
  check: Check | null;
}

/** A question that costs a program time; `script` is a module of ours that answers it. */
export interface Check {
  challenge: unknown;
  script: string;
}

/** `since` is when it was answered, in milliseconds. */
export type Since<T> = T & { since: number };

/** Gives the site as the server has it, undefined where it cannot be had; with `ask`, asks anew in that way. */
export type Load = (ask?: (url: string) => Promise<unknown>) => Promise<Since<Site> | undefined>;

/** Sends the form. True when the request is recorded, false when a field is wrong; raises with `status` and `message`. */
export type Send = (form: HTMLFormElement, context: Context) => Promise<boolean>;

/** What the customer has typed and not yet sent, by name, and under `key` its idempotency key: kept through a reload,
 *  and nothing before they type. */
export type Draft = Record<string, string>;

/** What one widget's parts share. */
export interface Context {
  server: string;
  site: string;
  lang: string;
  known: Known;
  draft: Draft;
  /** Aborted when the widget is removed. */
  signal: AbortSignal;
  emit: Emit;
  /** As it was when the widget was set up. */
  fetch: typeof fetch;
  load: Load;
  /** What is fetched once the form is there. */
  later(): Promise<{ apply(form: HTMLFormElement, site: Site | undefined, context: Context): void; send: Send }>;
}

export interface Contact {
  phone: string | null;
  mail: string | null;
}

/** A recorded request, as it is answered. */
export interface Recorded {
  reference: string;
  state: string;
  status_url: string;
  poll_url: string;
  start_url: string | null;
}
