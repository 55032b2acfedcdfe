/** Values that a page may fill in. The names of the New Session API (`customer_name`, …) are accepted too. */
export interface Prefill {
  name?: string;
  email?: string;
  number?: string;
  phone?: string;
  problem?: string;
  /** The id of a department that the site offers. */
  department?: string | number | undefined;
}

/** The languages that there is a build for. */
export type Language =
  | "ar"
  | "de"
  | "en"
  | "es"
  | "fr"
  | "he"
  | "it"
  | "ja"
  | "nl"
  | "pl"
  | "pt"
  | "pt-BR"
  | "zh-Hans"
  | "zh-Hant";

/** How the widget is set up: the script's `data-` attributes by the same names. */
export interface Options {
  /** Handbell's own address, such as `https://support.example`. */
  server: string;
  /** The key of the site; `default` unless given. */
  site?: string | undefined;
  /** The language of the site's own texts, as a tag; by default this build's. */
  lang?: Language | undefined;
  /** `button`: a floating button; `link`: the page's own `[data-handbell]` only; `inline`: the form in the page.
   *  By default a floating button, unless the page has a `[data-handbell]`. */
  mode?: "button" | "link" | "inline" | undefined;
  /** With `inline`: the form's parent, as an element or a selector; by default the form follows the script. */
  target?: Element | string | null | undefined;
  /** The side of the floating button in reading direction: `end` (the default) or `start`. */
  position?: "end" | "start" | undefined;
  /** The colour of buttons in CSS notation. White text must be readable on it. */
  colour?: string | undefined;
  /** The text of the floating button. */
  text?: string | undefined;
  /** The id of the preselected department. */
  department?: string | number | undefined;
  prefill?: Prefill | undefined;
}

/** The detail that a listener of `on` gets, by event. */
export interface Events {
  open: null;
  close: null;
  /** The request is recorded. */
  submit: { reference: string; state: string; status_url: string };
  /** The session can be started. */
  ready: { reference: string; start_url: string };
  /** The request could not be sent; the customer has been told. Status 0: no answer. */
  error: { status: number; message: string };
}

/** Tells listeners; an event without a detail is told with null. */
export type Emit = <Name extends keyof Events>(
  event: Name,
  ...detail: Events[Name] extends null ? [] : [Events[Name]]
) => void;

/** The page's information about the customer. */
export interface Known {
  given: Record<string, unknown>;
  /** The details that the page's server has signed, and their token. */
  claims: Record<string, string> | null;
  token: string | null;
}

export interface Handbell {
  /** Shows the form, filled in with this. */
  open(prefill?: Prefill): void;
  close(): void;
  /** Fills in the fields that the customer has not typed. */
  prefill(values: Prefill): void;
  /** Identifies the customer by a token that the page's server has signed; null removes it. */
  identify(token: string | null): void;
  on<Name extends keyof Events>(event: Name, heard: (detail: Events[Name]) => void): void;
  /** Removes everything. */
  destroy(): void;
}

/** The site's rules for a field; the limit is code points. */
export interface FieldRule {
  name: string;
  required: boolean;
  limit: number;
  /** For a field that the form does not know: its label, and the properties of its input. The id is its name in
   *  prefills and tokens. */
  label?: string;
  input?: { id: string; dir: string; type: string; autocomplete: AutoFill };
}

/** The answer of `GET /api/v1/sites/<site>`. */
export interface Site {
  fields: FieldRule[];
  departments: { id: number; name: string }[];
  texts: Record<string, string>;
  name: string;
  /** `logo` is a path of our server. A server of an earlier version does not say it. */
  theme: { colour: string | null; logo?: string | null };
  contact: Contact;
  show_check_details: boolean;
  form_token: string;
  check: Check | null;
  /** What may be expected now, with `{time}` for `opens_at`. A server of an earlier version does not say it. */
  opening?: { words: string; opens_at: string | null };
  language: string;
}

/** A check that costs a program time; `script` is a module of ours that solves it. */
export interface Check {
  challenge: unknown;
  script: string;
}

/** `since` is the time of the answer, in milliseconds since 1970. */
export type Since<T> = T & { since: number };

/** Loads the site from the server, undefined on failure; with `ask`, loads it again by that function. */
export type Load = (ask?: (url: string) => Promise<unknown>) => Promise<Since<Site> | undefined>;

/** Sends the form. True when the request is recorded, false when a field is wrong; raises with `status` and `message`. */
export type Send = (form: HTMLFormElement, context: Context) => Promise<boolean>;

/** Shows the open request of this tab, if there is one, in the panel that `build` makes. */
export type Resume = (build: () => HTMLElement, context: Context) => Promise<void>;

/** The customer's typed, unsent values by name, and under `key` their idempotency key. Survives a reload; empty before
 *  they type. */
export type Draft = Record<string, string>;

/** Shared by the parts of one widget. */
export interface Context {
  server: string;
  site: string;
  lang: string;
  known: Known;
  draft: Draft;
  /** The server does not take requests from this page. */
  refused?: boolean;
  /** Aborted when the widget is removed. */
  signal: AbortSignal;
  emit: Emit;
  /** The function at the time when the widget was set up. */
  fetch: typeof fetch;
  load: Load;
  /** Fetches the part that comes after the form. */
  later(): Promise<{
    apply(form: HTMLFormElement, site: Site | undefined, context: Context): void;
    send: Send;
    resume: Resume;
  }>;
}

export interface Contact {
  phone: string | null;
  mail: string | null;
}

/** The answer about a recorded request. */
export interface Recorded {
  reference: string;
  state: string;
  status_url: string;
  poll_url: string;
  start_url: string | null;
}
