/** The origin of an address in full: by syntax alone, since the page may have changed URL and the methods of strings. */
export const originOf = (address: string): string => {
  let origin = "";
  let slashes = 0;
  for (const at in address as unknown as Record<string, string>) {
    slashes += +(address[+at] === "/");
    if (slashes < 3) origin += address[+at];
  }
  return origin;
};
