import type { Known } from "./types";

/** The values to fill in from an element's `data-` attributes. */
export const givenBy = ({ department, prefill }: DOMStringMap): Record<string, unknown> => {
  try {
    return { ...(department && { department }), ...JSON.parse(prefill ?? "{}") };
  } catch {
    return {};
  }
};

/** A token and its claims; the signature is checked by the server, not here. */
export const signed = (token: string | null): Pick<Known, "token" | "claims"> => {
  try {
    const raw = atob((token as string).split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/") as string);
    return { token, claims: JSON.parse(decodeURIComponent(escape(raw))) }; // escape: one %xx for each byte of UTF-8
  } catch {
    return { token: null, claims: null };
  }
};
