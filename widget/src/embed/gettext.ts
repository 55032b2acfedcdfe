/** Marks an English text for the catalogues; the build replaces it by each language's translation. */
export const _ = (text: string): string => text;
