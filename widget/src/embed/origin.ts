/** The origin of an absolute address, by syntax only, as the page may have changed URL and the methods of strings. */
export const originOf = (address: string): string => {
  let origin = "";
  let slashes = 0;
  for (const at in address as unknown as Record<string, string>) {
    slashes += +(address[+at] === "/");
    if (slashes < 3) origin += address[+at];
  }
  return origin;
};
